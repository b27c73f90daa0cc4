import { AwsClient } from 'aws4fetch';
import { delay } from '../lib/delay.ts';
import {
  PayloadStoreError,
  PayloadStoreUnusable,
  type PayloadStore,
  type StoredPayload,
} from './payload-store.ts';

/** The place of the bucket, and the credentials for it. */
export interface S3Settings {
  /**
   * The URL without the bucket, e.g. `https://s3.eu-central-1.amazonaws.com`. The bucket is added as the first segment of the
   * path (path-style addressing).
   */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** The prefix of all keys: empty, or ends with a slash. */
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

const requestTimeoutMs = 30_000;
/** The timeout of the requests that `check` makes. */
const checkTimeoutMs = 5_000;
/** The key that `check` writes and reads. */
const checkKey = 'check';
/** Within this time a concurrent first write of the same key has finished. */
const settledMs = 1_000;
/** The number of retries after 5xx and 429, with exponential backoff and jitter. All requests are idempotent. */
const retries = 4;

interface Sent {
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Statuses that do not count as failures, in addition to 2xx. */
  readonly allowed?: readonly number[];
}

/** Creates a payload store in a bucket of S3, or of any store with the same API. */
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
  /** Sends a request. Undefined if the object does not exist. Throws `PayloadStoreError` if S3 does not answer or refuses. */
  const send = async (
    method: keyof typeof rightsFor,
    url: string,
    { body, headers = {}, timeoutMs = requestTimeoutMs, allowed = [] }: Sent = {},
  ): Promise<Response | undefined> => {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await reach(() =>
      aws.fetch(url, { method, signal, headers, ...(body && { body: Buffer.from(body) }) }),
    );
    const { ok, status } = response;
    if (ok || allowed.includes(status)) return response;
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
      // A store that does not support the condition answers 501, or ignores it and writes. Then the last writer wins, and
      // the delay lets other writers that found no key finish before the caller reads which bytes are stored.
      const headers = { 'If-None-Match': '*' };
      const allowed = [exists, conflict, notImplemented];
      const answer = await send('PUT', `${base}/${prefix}${key}`, { body: bytes, headers, allowed });
      if (answer?.status === exists) return;
      if (answer?.status === notImplemented) await put(key, bytes);
      await delay(settledMs);
    },
    read: (key) => get(key),
    list,
    async deleteAll(folder) {
      for await (const { key } of list(folder)) await send('DELETE', `${base}/${prefix}${key}`);
    },
    requireRoom: () => Promise.resolve(), // A bucket does not report its free space.
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

/** Statuses for a wrong region, request, credentials or permissions. A retry fails too, until somebody changes them. */
const lastingStatuses = new Set([301, 400, 401, 403]);

/** The status if the key exists (precondition failed). */
const exists = 412;
/** The status if another writer is writing the same key. */
const conflict = 409;
const notImplemented = 501;

/** The permissions that each method needs. Without s3:ListBucket, S3 answers 403 for a missing object. */
const rightsFor = {
  GET: 's3:GetObject on its objects and s3:ListBucket on the bucket',
  PUT: 's3:PutObject on its objects',
  DELETE: 's3:DeleteObject on its objects',
} as const;

/**
 * Returns the error code in the body. The status is not enough, because a missing object, a missing bucket and a server that is
 * not S3 all answer 404.
 */
async function errorCodeOf(response: Response): Promise<string | undefined> {
  return element(await reach(() => response.text()), 'Code');
}

/**
 * Returns the text of the first element `name`. This is enough for the keys, codes and tokens that occur here, but is not an
 * XML parser.
 */
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`)
    .exec(xml)?.[1]
    ?.replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
