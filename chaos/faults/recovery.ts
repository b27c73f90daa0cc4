/** How long after a fault it takes until a call succeeds again. */
import { until } from '../pause.ts';
import { deadlineSeconds } from '../load/stage.ts';
import type { Done, FaultStage } from './fault.ts';

/** Ms from the fault until a call that was sent after it has succeeded through every facade touched. */
export async function recoveryMs(stage: FaultStage, { at, touched }: Done): Promise<number | undefined> {
  const each = await Promise.all(touched.map((facade) => successAfter(stage, facade)));
  return each.includes(undefined) ? undefined : Math.max(...each.map((time) => (time ?? 0) - at));
}

async function successAfter(
  { calls, journal, product }: FaultStage,
  facade: string,
): Promise<number | undefined> {
  const succeeded = await until(
    async () => {
      const body = { agent_name: 'echo', deadline_seconds: deadlineSeconds };
      const wish = journal.wish('probe', body);
      await calls.send(wish, { facade, wait: true, timeoutMs: 5_000 });
      return wish.endings.some(({ success }) => success);
    },
    product.recoversWithinMs,
    100,
  );
  return succeeded ? Date.now() : undefined;
}
