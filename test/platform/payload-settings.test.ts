/** The settings of the payload store and the archive. */
import { expect, it } from 'vitest';
import { toArchiveSettings, toStoreSettings } from '../../src/platform/payload-settings.ts';

const aws = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };

it('the payload store is the folder payloads in the data directory, or another folder', () => {
  expect(toStoreSettings(undefined, '/data', {})).toEqual({ kind: 'folder', path: '/data/payloads' });
  expect(toStoreSettings('/mnt/shared', '/data', {})).toEqual({ kind: 'folder', path: '/mnt/shared' });
});

it('the payload store is a bucket with the usual variables of S3 clients', () => {
  expect(toStoreSettings('s3://texts', '/data', { ...aws, AWS_REGION: 'eu-central-1' })).toMatchObject({
    kind: 's3',
    endpoint: 'https://s3.eu-central-1.amazonaws.com',
    region: 'eu-central-1',
    bucket: 'texts',
    prefix: '',
    accessKeyId: 'id',
  });
  const elsewhere = { ...aws, AWS_ENDPOINT_URL_S3: 'http://minio:9000', AWS_SESSION_TOKEN: 'token' };
  expect(toStoreSettings('s3://texts/holdfast/one/', '/data', elsewhere)).toMatchObject({
    endpoint: 'http://minio:9000',
    region: 'us-east-1',
    prefix: 'holdfast/one/',
    sessionToken: 'token',
  });
});

it.each([
  ['s3://', {}, /takes a folder, or s3:\/\/bucket\/prefix/],
  ['s3://Upper/x', aws, /takes a folder, or s3:\/\/bucket\/prefix/],
  ['gs://texts', aws, /takes a folder, or s3:\/\/bucket\/prefix/],
  ['s3://texts', {}, /needs AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY/],
  ['s3://texts', { ...aws, AWS_ENDPOINT_URL_S3: 'minio' }, /needs AWS_ENDPOINT_URL_S3/],
])('%s with %j is refused in words', (setting, environment, message) => {
  expect(() => toStoreSettings(setting, '/data', environment)).toThrow(message);
});

it('the archive is off, in the payload store or in a folder of its own', () => {
  expect(toArchiveSettings('off')).toEqual({ kind: 'off' });
  expect(toArchiveSettings('payload-store')).toEqual({ kind: 'payload-store' });
  expect(toArchiveSettings('/mnt/failed')).toEqual({ kind: 'folder', path: '/mnt/failed' });
  expect(() => toArchiveSettings('s3://failed')).toThrow(/takes off, payload-store or a folder/);
});
