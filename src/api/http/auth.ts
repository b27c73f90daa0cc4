import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { Request } from 'express';
import { Refusal } from '../../domain/failures.ts';
import type { Config } from '../../platform/config.ts';
import { refuseOtherSites } from './refuse-other-sites.ts';

/**
 * Returns an id for the sender of a request, because an Idempotency-Key is per sender. The id is never the API key itself (I5).
 * Throws `Refusal` if the request is not authorised.
 */
export type Authenticate = (request: Request) => string;

/**
 * Creates the check of API keys. If keys are set, a request needs one of them, as a Bearer token or, for browsers, as the
 * password of Basic. It is compared with all keys, by digest and in constant time. Without keys, everyone on this machine is
 * the same caller.
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

/**
 * Without API keys, refuses a request whose Host is not a name of this machine. This protects against DNS rebinding, where a
 * foreign name resolves to this machine.
 */
function refuseForeignHost(request: Request, ownHost: string): void {
  // Undefined if the request has no Host, although Express's types say otherwise.
  const name = ((request.hostname as string | undefined) ?? '').replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name === ownHost || isIP(name) !== 0) return;
  throw new Refusal(
    'unauthorized',
    `This node has no HOLDFAST_API_KEYS, so it answers only to localhost, its HOLDFAST_HOST and IP addresses, not to '${name}': use one of these, or set HOLDFAST_API_KEYS`,
  );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
