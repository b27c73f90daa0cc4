import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { CallRequest } from '../../services/calls/submit-call.ts';
import { invalid } from '../../domain/failures.ts';
import { digestOfKey } from '../../domain/hashed-ids.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import type { Sent } from '../http/endpoint.ts';

/**
 * Returns the id of the call (or batch) that a request starts, and the fingerprint that a repeated request must match. With an
 * Idempotency-Key, the id derives from a hash of the key and the caller; `idOf` makes the id from that hash (`Calls.idOf`,
 * `Batches.idOf`). Throws `Refusal`.
 */
export async function identify(
  { sealer }: Pick<ApiDependencies, 'sealer'>,
  sent: Sent,
  wish: unknown,
  idOf: (digest: string) => Promise<string>,
): Promise<Pick<CallRequest, 'callId' | 'fingerprint'>> {
  const fingerprint = sealer.fingerprint(canonicalJson(wish));
  const digest = keyDigest(sent);
  return { callId: digest === undefined ? randomUUID() : await idOf(digest), fingerprint };
}

/** Returns a hash of the request's Idempotency-Key and the caller; undefined without a key. Throws `Refusal`. */
export function keyDigest({ request, principal }: Sent): string | undefined {
  const key = request.header('Idempotency-Key');
  if (key === undefined) return undefined;
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw invalid('Idempotency-Key', '1 to 255 printable ASCII characters');
  return digestOfKey(principal.caller, key);
}
