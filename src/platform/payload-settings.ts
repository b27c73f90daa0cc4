import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { StoreSettings } from '../payloads/open-store.ts';
import { StartupError } from './startup-error.ts';

const bucketUrl = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([a-z0-9/_-]*))?$/;

/** The environment variables that S3 clients usually read. */
const awsVariables = z.object({
  AWS_ACCESS_KEY_ID: z.string(),
  AWS_SECRET_ACCESS_KEY: z.string(),
  AWS_SESSION_TOKEN: z.string().optional(),
  AWS_REGION: z.string().default('us-east-1'),
  AWS_ENDPOINT_URL_S3: z.url().optional(),
});

/** The place where the histories of failed calls are archived, if they are. */
export type ArchiveSettings =
  | { readonly kind: 'off' }
  | { readonly kind: 'payload-store' }
  | { readonly kind: 'folder'; readonly path: string };

/** Parses `HOLDFAST_ARCHIVE`. Throws `StartupError`. */
export function toArchiveSettings(setting: string): ArchiveSettings {
  if (setting === 'off' || setting === 'payload-store') return { kind: setting };
  if (setting.includes('://'))
    throw new StartupError(
      'HOLDFAST_ARCHIVE: takes off, payload-store or a folder. To archive in a bucket, make it the payload store and set payload-store here',
    );
  return { kind: 'folder', path: resolve(setting) };
}

/** Parses `HOLDFAST_PAYLOAD_STORE`: a folder, or `s3://bucket/prefix`. Throws `StartupError`. */
export function toStoreSettings(
  setting: string | undefined,
  dataDir: string,
  environment: Readonly<Record<string, string | undefined>>,
): StoreSettings {
  if (!setting?.includes('://'))
    return { kind: 'folder', path: resolve(setting ?? join(dataDir, 'payloads')) };
  const [, bucket, folder = ''] = bucketUrl.exec(setting) ?? [];
  if (bucket === undefined)
    throw new StartupError('HOLDFAST_PAYLOAD_STORE: takes a folder, or s3://bucket/prefix in lower case');
  const aws = awsVariables.safeParse(environment);
  if (!aws.success) {
    const wrong = aws.error.issues.map(({ path }) => String(path[0])).join(', ');
    throw new StartupError(`HOLDFAST_PAYLOAD_STORE=${setting} needs ${wrong}`);
  }
  const region = aws.data.AWS_REGION;
  return {
    kind: 's3',
    endpoint: aws.data.AWS_ENDPOINT_URL_S3 ?? `https://s3.${region}.amazonaws.com`,
    region,
    bucket,
    prefix: folder === '' ? '' : `${folder.replace(/\/+$/, '')}/`,
    accessKeyId: aws.data.AWS_ACCESS_KEY_ID,
    secretAccessKey: aws.data.AWS_SECRET_ACCESS_KEY,
    sessionToken: aws.data.AWS_SESSION_TOKEN,
  };
}
