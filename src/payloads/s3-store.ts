import { AwsClient } from 'aws4fetch';
import { delay } from '../lib/delay.ts';
import {
  PayloadStoreError,
  PayloadStoreUnusable,
  type PayloadStore,
  type StoredPayload,
} from './payload-store.ts';

export interface S3Settings {
  /** E.g. `https://s3.eu-central-1.amazonaws.com`; the bucket comes as the first part of the path. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

const requestTimeoutMs = 30_000;
/** Of looking whether it is there: nobody should wait longer for that. */
const checkTimeoutMs = 5_000;
/** Where a little is written to see whether it can be. */
const checkKey = 'check';
/** Two that write the same key for the first time do so within this time of each other. */
const settledMs = 1_000;
/** Of answers 5xx and 429, with exponential backoff and jitter: the bytes are the same each time. */
const retries = 4;

interface Sent {
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Statuses that are no failure. */
  readonly fine?: readonly number[];
}

/** Objects of a bucket, of S3 or any store that speaks its API. */
export function createS3Store(settings: S3Settings): PayloadStore {
  const { accessKeyId, secretAccessKey, sessionToken, region, bucket, prefix } = settings;
  const aws = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service: 's3',
    region,
    retries,
    initRetryMs: 100,
  });
  const base = `${settings.endpoint.replace(/\/+$/, '')}/${bucket}`;
  /** Undefined if there is no such object. */
  const send = async (
    method: keyof typeof rightsFor,
    url: string,
    { body, headers = {}, timeoutMs = requestTimeoutMs, fine = [] }: Sent = {},
  ): Promise<Response | undefined> => {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await reach(() =>
      aws.fetch(url, { method, signal, headers, ...(body && { body: Buffer.from(body) }) }),
    );
    const { ok, status } = response;
    if (ok || fine.includes(status)) return response;
    const code = status === 404 ? await errorCodeOf(response) : undefined;
    if (code === 'NoSuchKey' && method !== 'PUT') return undefined;
    if (code === 'NoSuchBucket') throw new PayloadStoreUnusable(`The bucket ${bucket} does not exist`);
    const Kind = lastingStatuses.has(status) ? PayloadStoreUnusable : PayloadStoreError;
    const rights = status === 403 ? `: its credentials need ${rightsFor[method]}` : '';
    throw new Kind(`S3 answered ${status} to ${method} in the bucket ${bucket}${rights}`);
  };
  const put = async (key: string, body: Uint8Array, timeoutMs = requestTimeoutMs): Promise<void> => {
    await send('PUT', `${base}/${prefix}${key}`, { body, timeoutMs });
  };
  const get = async (key: string, timeoutMs = requestTimeoutMs): Promise<Buffer | undefined> => {
    const response = await send('GET', `${base}/${prefix}${key}`, { timeoutMs });
    return response && Buffer.from(await reach(() => response.arrayBuffer()));
  };
  const list = async function* (under: string): AsyncGenerator<StoredPayload> {
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ 'list-type': '2', prefix: prefix + under });
      if (token !== undefined) query.set('continuation-token', token);
      const answer = await send('GET', `${base}?${query.toString()}`);
      const xml = answer ? await reach(() => answer.text()) : '';
      for (const object of xml.matchAll(/<Contents>([^]*?)<\/Contents>/g)) {
        const key = element(object[1] ?? '', 'Key') ?? '';
        yield {
          key: key.slice(prefix.length),
          writtenAt: new Date(element(object[1] ?? '', 'LastModified') ?? 0),
        };
      }
      token = element(xml, 'NextContinuationToken');
    } while (token !== undefined);
  };
  return {
    write: (key, bytes) => put(key, bytes),
    async writeOnce(key, bytes) {
      // A store that does not know the condition says so, or writes all the same: then the last one's bytes are stored,
      // and this returns only once others that found nothing under the key have written, too.
      const headers = { 'If-None-Match': '*' };
      const fine = [thereAlready, justWritten, notImplemented];
      const answer = await send('PUT', `${base}/${prefix}${key}`, { body: bytes, headers, fine });
      if (answer?.status === thereAlready) return;
      if (answer?.status === notImplemented) await put(key, bytes);
      await delay(settledMs);
    },
    read: (key) => get(key),
    list,
    async deleteAll(folder) {
      for await (const { key } of list(folder)) await send('DELETE', `${base}/${prefix}${key}`);
    },
    requireRoom: () => Promise.resolve(), // A bucket does not tell what it has room for.
    async check() {
      const written = Buffer.from('holdfast');
      await put(checkKey, written, checkTimeoutMs);
      if (!(await get(checkKey, checkTimeoutMs))?.equals(written))
        throw new PayloadStoreError(`The bucket ${bucket} does not give back what was written to it`);
    },
  };
}

async function reach<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new PayloadStoreError('S3 does not answer', { cause: error });
  }
}

/** Wrong region, request, credentials or rights: the same request gets the same answer until somebody changes them. */
const lastingStatuses = new Set([301, 400, 401, 403]);

const thereAlready = 412;
/** Another writes the same key at this moment. */
const justWritten = 409;
const notImplemented = 501;

/** Without the right to list a bucket S3 answers 403 for an object that is missing. */
const rightsFor = {
  GET: 's3:GetObject on its objects and s3:ListBucket on the bucket',
  PUT: 's3:PutObject on its objects',
  DELETE: 's3:DeleteObject on its objects',
} as const;

/** A missing object and a missing bucket are both 404; so is whatever is there instead of S3. */
async function errorCodeOf(response: Response): Promise<string | undefined> {
  return element(await reach(() => response.text()), 'Code');
}

/** Keys and tokens of ours need no more of XML than this. */
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`)
    .exec(xml)?.[1]
    ?.replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
