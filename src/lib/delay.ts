import { setTimeout as wait } from 'node:timers/promises';

/**
 * Resolves after `ms`, or as soon as `signal` aborts; it never rejects, so check `signal.aborted` afterwards. Resolves at
 * once if `ms` is 0 or less.
 */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms <= 0 || signal?.aborted) return;
  try {
    await wait(ms, undefined, { signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
