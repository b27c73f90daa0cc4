/**
 * Reserves a number in a family of reruns for a call whose id derives from its Idempotency-Key; the memo names that call
 * (services/reruns/rerun-family.ts). The workflow itself does nothing.
 */
export function rerunLink(): Promise<void> {
  return Promise.resolve();
}
