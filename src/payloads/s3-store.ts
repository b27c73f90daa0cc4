import { AwsClient } from 'aws4fetch';
import { PayloadStoreError, type PayloadStore, type StoredPayload } from './payload-store.ts';

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
/** Of answers 5xx and 429, with exponential backoff and jitter: the bytes are the same each time. */
const retries = 4;

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
  const send = async (method: string, url: string, body?: Uint8Array): Promise<Response> => {
    const signal = AbortSignal.timeout(requestTimeoutMs);
    const response = await reach(() =>
      aws.fetch(url, { method, signal, ...(body && { body: Buffer.from(body) }) }),
    );
    if (response.ok || response.status === 404) return response;
    throw new PayloadStoreError(`S3 answered ${response.status} to ${method} in the bucket ${bucket}`);
  };
  const list = async function* (under: string): AsyncGenerator<StoredPayload> {
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ 'list-type': '2', prefix: prefix + under });
      if (token !== undefined) query.set('continuation-token', token);
      const xml = await (await send('GET', `${base}?${query.toString()}`)).text();
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
    async write(key, bytes) {
      const { status } = await send('PUT', `${base}/${prefix}${key}`, bytes);
      if (status === 404) throw new PayloadStoreError(`The bucket ${bucket} does not exist`);
    },
    async read(key) {
      const response = await send('GET', `${base}/${prefix}${key}`);
      return response.status === 404 ? undefined : Buffer.from(await reach(() => response.arrayBuffer()));
    },
    list,
    async deleteAll(folder) {
      for await (const { key } of list(folder)) await send('DELETE', `${base}/${prefix}${key}`);
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

/** Keys and tokens of ours need no more of XML than this. */
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`)
    .exec(xml)?.[1]
    ?.replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
