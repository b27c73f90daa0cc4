import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { CallRequest } from '../../services/calls/submit-call.ts';
import { invalid } from '../../domain/failures.ts';
import { digestOfKey } from '../../domain/hashed-ids.ts';
import { defaultProject, idIn } from '../../domain/project.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import type { Sent } from '../http/endpoint.ts';

/**
 * Returns the id of the call (or batch) that a request starts, and the fingerprint that a repeated request must match. With an
 * Idempotency-Key, the id derives from a hash of the key and the caller; `idOf` makes the id from that hash (`Calls.idOf`,
 * `Batches.idOf`), unless a call with one of the `earlier` hashes exists. Throws `Refusal`.
 */
export async function identify(
  { sealer, earlierCallers }: Pick<ApiDependencies, 'sealer' | 'earlierCallers'>,
  { request, project }: Sent,
  wish: unknown,
  idOf: (digest: string, earlier: readonly string[], fingerprint: string) => Promise<string>,
): Promise<Pick<CallRequest, 'callId' | 'fingerprint' | 'isKeyed'>> {
  const fingerprint = sealer.fingerprint(canonicalJson(wish));
  const digest = keyDigest(request, callerOf(project));
  const isKeyed = digest !== undefined;
  if (project !== defaultProject)
    return { callId: idIn(project, digest ?? randomUUID()), fingerprint, isKeyed };
  if (!isKeyed) return { callId: randomUUID(), fingerprint };
  const earlier = earlierDigests(request, earlierCallers());
  return { callId: await idOf(digest, earlier, fingerprint), fingerprint, isKeyed };
}

/**
 * Returns the hashes that the request's Idempotency-Key had before it belonged to the project: then each of HOLDFAST_API_KEYS
 * was a caller of its own.
 */
export function earlierDigests(request: Request, callers: readonly string[]): string[] {
  return callers.flatMap((caller) => keyDigest(request, caller) ?? []);
}

/** Returns who sends an Idempotency-Key: the project, whichever of its keys is used. */
export function callerOf(project: string): string {
  return project === defaultProject ? 'local' : `project/${project}`; // As nodes without keys always called it.
}

/** Returns a hash of the request's Idempotency-Key and the caller; undefined without a key. Throws `Refusal`. */
export function keyDigest(request: Request, caller: string): string | undefined {
  const key = request.header('Idempotency-Key');
  if (key === undefined) return undefined;
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw invalid('Idempotency-Key', '1 to 255 printable ASCII characters');
  return digestOfKey(caller, key);
}
