/** Makes ids that are hashes, so that the same request always leads to the same call. Workflow code cannot use this file. */
import { createHash } from 'node:crypto';
import { plainStart } from './ids.ts';
import { idIn, projectOf } from './project.ts';

/** Returns the hash of a caller's `Idempotency-Key`. `Calls.idOf` and `Batches.idOf` make an id from it. */
export function digestOfKey(caller: string, idempotencyKey: string): string {
  return hashed([caller, idempotencyKey]);
}

/** Returns the id of the rerun with this number in the family of the call `root` (ADR 0022), in the project of that call. */
export function rerunIdOf(root: string, number: number): string {
  return idIn(projectOf(root), plainStart(hashed(['rerun', root, number])));
}

/**
 * Returns the id of a batch's rerun as versions before numbered reruns made it. A batch that such a version started may still
 * be running.
 */
export function rerunIdBeforeFamilies(batchId: string, callId: string): string {
  return hashed(['batch', batchId, callId]);
}

/**
 * Returns a hash of 192 bits in base64url, which is safe in URLs and file names. It may begin with `-` or `_` (see
 * `plainStart`).
 */
function hashed(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}

/** Returns the id of an event, which is the same whenever it is sent. `parts` are its type and what identifies it. */
export function eventIdOf(parts: readonly (string | number)[]): string {
  return `evt_${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;
}
