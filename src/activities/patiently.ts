import { AgentError } from '../agents/transport.ts';
import { delay } from '../lib/delay.ts';
import { PayloadStoreError } from '../payloads/payload-store.ts';

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Repeats what the payload store did not do until it does or `signal` aborts: an agent's work is not thrown away for
 * a store that is back in a moment. Then throws the signal's reason, or the store's error where the time was up: that
 * is not the agent's failure.
 */
export async function patiently<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof PayloadStoreError)) throw error;
      await delay(pauseMs, signal);
      if (signal.aborted) throw signal.reason instanceof AgentError ? error : (signal.reason as Error);
    }
  }
}
