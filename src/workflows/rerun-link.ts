/**
 * Takes a number of a family of reruns for a call whose own id is made of its Idempotency-Key: the memo names that call
 * (services/reruns/rerun-family.ts). There is nothing to do.
 */
export function rerunLink(): Promise<void> {
  return Promise.resolve();
}
