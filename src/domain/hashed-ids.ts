/** Ids that are hashes, so that the same request always leads to the same call. Not for workflow code. */
import { createHash } from 'node:crypto';
import { plainStart } from './ids.ts';

/** The hash of this caller's `Idempotency-Key`, from which `Calls.idOf` and `Batches.idOf` make an id. */
export function digestOfKey(caller: string, idempotencyKey: string): string {
  return hashed([caller, idempotencyKey]);
}

/** The id of the rerun with this number in the family of the call `root` (ADR 0022). */
export function rerunIdOf(root: string, number: number): string {
  return plainStart(hashed(['rerun', root, number]));
}

/** The id of a batch's rerun as versions before numbered reruns made it. A batch that they started may still be running. */
export function rerunIdBeforeFamilies(batchId: string, callId: string): string {
  return hashed(['batch', batchId, callId]);
}

/** A hash of 192 bits in base64url, which is safe in URLs and file names. It may begin with `-` or `_` (see `plainStart`). */
function hashed(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}
