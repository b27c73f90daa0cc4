/** Ids that are made of something else, by a hash: the same request always means the same call. Not for workflow code. */
import { createHash } from 'node:crypto';
import { plainStart } from './ids.ts';

/** What an `Idempotency-Key` of this caller is hashed to. `Calls.idOf` and `Batches.idOf` make an id of it. */
export function digestOfKey(caller: string, idempotencyKey: string): string {
  return hashed([caller, idempotencyKey]);
}

/** The id of the call that has this number in the family of `root` (ADR 0022). */
export function rerunIdOf(root: string, number: number): string {
  return plainStart(hashed(['rerun', root, number]));
}

/** The id of a batch's rerun of a call before reruns had numbers: a batch of then goes on now. */
export function rerunIdBeforeFamilies(batchId: string, callId: string): string {
  return hashed(['batch', batchId, callId]);
}

/** 192 bits in characters that URLs and file names can carry. It may begin with `-` or `_` (`plainStart`). */
function hashed(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}
