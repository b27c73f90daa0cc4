import { AgentError } from '../agents/transport.ts';
import { delay } from '../lib/delay.ts';
import { PayloadStoreError } from '../payloads/payload-store.ts';

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Runs `action` and retries it with exponential backoff while the payload store fails, so that a short outage of the store does
 * not waste an agent's answer. When `signal` aborts, it throws the signal's reason. If that reason is an `AgentError`, which
 * means that the time is up, it throws the store's error instead, because the agent did not cause the delay. Other errors are
 * thrown at once.
 */
export async function retryPayloadStore<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
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
