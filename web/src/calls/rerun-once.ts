import type { RerunAccepted } from '../../../src/contract/reruns.ts';
import { api } from '../api.ts';
import { randomKey } from '../ui/use-idempotency-key.ts';

/** The Idempotency-Keys of reruns of which it is not known yet whether they were accepted, by call id. */
const keys = new Map<string, string>();

/**
 * Reruns a call. If the answer to an earlier attempt was lost, it gets that rerun: the key stays the same until the desk knows
 * that the rerun was accepted. Throws `Problem`.
 */
export async function rerunOnce(id: string): Promise<RerunAccepted> {
  const key = keys.get(id) ?? randomKey();
  keys.set(id, key);
  const accepted = await api.rerun(id, {}, key);
  keys.delete(id);
  return accepted;
}
