import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { Request } from 'express';
import { Refusal } from '../../domain/failures.ts';
import type { Config } from '../../platform/config.ts';
import { refuseOtherSites } from './refuse-other-sites.ts';

/** Who sent a request: part of what an Idempotency-Key means. Never the key itself (I5). Throws `Refusal`. */
export type Authenticate = (request: Request) => string;

/**
 * With keys: one of them as a Bearer token, or as the password of Basic for a browser at /docs; compared by digest
 * in constant time, all of them each time. Without keys everyone on this machine is one caller.
 */
export function createAuthenticate({
  apiKeys,
  host,
  publicOrigins,
}: Pick<Config, 'apiKeys' | 'host' | 'publicOrigins'>): Authenticate {
  const digests = apiKeys.map(sha256);
  return (request) => {
    refuseOtherSites(request, publicOrigins);
    if (digests.length === 0) {
      refuseForeignHost(request, host);
      return 'local';
    }
    const offered = sha256(offeredKey(request.headers.authorization ?? ''));
    let caller: string | undefined;
    for (const digest of digests)
      if (timingSafeEqual(digest, offered)) caller = digest.toString('hex').slice(0, 16);
    if (caller === undefined)
      throw new Refusal(
        'unauthorized',
        'Send one of HOLDFAST_API_KEYS as "Authorization: Bearer <key>" (a browser: as the password)',
      );
    return caller;
  };
}

function offeredKey(header: string): string {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +([^ ]+) *$/i.exec(header) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value;
  const userAndPassword = Buffer.from(value, 'base64').toString();
  return userAndPassword.slice(userAndPassword.indexOf(':') + 1);
}

/** Without keys only this machine is trusted: a name that a stranger's DNS points here is not (DNS rebinding). */
function refuseForeignHost(request: Request, ownHost: string): void {
  // Express's types promise a name; a request without a Host has none.
  const name = ((request.hostname as string | undefined) ?? '').replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name === ownHost || isIP(name) !== 0) return;
  throw new Refusal(
    'unauthorized',
    `Without HOLDFAST_API_KEYS this node answers to localhost and addresses only, not to '${name}'`,
  );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
