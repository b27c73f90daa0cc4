import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { Refusal } from '../domain/failures.ts';

/** Who sent a request: part of what an Idempotency-Key means. Never the key itself (I5). */
export type Authenticate = (request: Request) => string;

/** Bearer keys, compared by digest in constant time, all of them each time. Without keys everyone is one caller. */
export function createAuthenticate(apiKeys: readonly string[]): Authenticate {
  if (apiKeys.length === 0) return () => 'local';
  const digests = apiKeys.map(sha256);
  return (request) => {
    const [, token = ''] = /^Bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    const offered = sha256(token);
    let caller: string | undefined;
    for (const digest of digests)
      if (timingSafeEqual(digest, offered)) caller = digest.toString('hex').slice(0, 16);
    if (caller === undefined)
      throw new Refusal('unauthorized', 'Send one of HOLDFAST_API_KEYS as "Authorization: Bearer <key>"');
    return caller;
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
