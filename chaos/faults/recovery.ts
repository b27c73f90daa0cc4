/** Measures how long after a fault calls succeed again. */
import { until } from '../pause.ts';
import { deadlineSeconds } from '../load/stage.ts';
import type { Product } from '../product/product.ts';
import type { Done, FaultStage } from './fault.ts';

const usualLimitMs = 60_000;

/** Returns the time limit for recovery, in ms after the fault. */
export function recoveryLimitMs(product: Product, { endedServers = false }: Done): number {
  return endedServers ? product.serversRecoverWithinMs : usualLimitMs;
}

/**
 * Returns the time in ms from the fault until a call that was sent after it has succeeded through every touched facade.
 * Undefined if that does not happen within the limit.
 */
export async function recoveryMs(
  stage: FaultStage,
  { at, touched }: Done,
  limitMs: number,
): Promise<number | undefined> {
  const leftMs = at + limitMs - Date.now();
  const each = await Promise.all(touched.map((facade) => successAfter(stage, facade, leftMs)));
  return each.includes(undefined) ? undefined : Math.max(...each.map((time) => (time ?? 0) - at));
}

/**
 * Sends calls through one facade until one succeeds. Resolves with the time of the success (epoch ms), or with undefined after
 * `atMostMs`.
 */
async function successAfter(
  { calls, journal }: FaultStage,
  facade: string,
  atMostMs: number,
): Promise<number | undefined> {
  const succeeded = await until(
    async () => {
      const body = { agent_name: 'echo', deadline_seconds: deadlineSeconds };
      const request = journal.addRequest('probe', body);
      await calls.send(request, { facade, wait: true, timeoutMs: 5_000 });
      return request.endings.some(({ success }) => success);
    },
    atMostMs,
    100,
  );
  return succeeded ? Date.now() : undefined;
}
