import { pause } from '../pause.ts';
import type { Product } from '../product/product.ts';
import type { Faults, FaultStage } from './fault.ts';
import { recoveryMs } from './recovery.ts';
import { schedule } from './schedule.ts';

/** One fault after the other, each recovered from before the next, until the time (epoch ms) is over. */
export async function injectFaults<P extends Product>(
  stage: FaultStage<P>,
  faults: Faults<P>,
  until: number,
  tell: (line: string) => void,
): Promise<void> {
  for (const [kind, fault] of schedule(Object.entries(faults), stage.random)) {
    await pause(stage.random.whole(500, 2_500));
    if (Date.now() >= until) return;
    const begunAt = Date.now();
    const done = await fault({ ...stage, random: stage.random.fork(kind) });
    if (done.skipped !== undefined) {
      stage.journal.skipped.set(kind, done.skipped);
      tell(`${kind.padEnd(13)} skipped: ${done.skipped}`);
      continue;
    }
    const recovery = await recoveryMs(stage, done);
    await done.afterwards?.();
    await done.settled;
    const { what, moments = [] } = done;
    stage.journal.fault({ kind, what, at: begunAt, moments, recoveryMs: recovery });
    tell(
      `${kind.padEnd(13)} ${what}; ${recovery === undefined ? 'NOT RECOVERED' : `next success after ${recovery} ms`}`,
    );
  }
}
