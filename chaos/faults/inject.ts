import { pause } from '../pause.ts';
import type { Product } from '../product/product.ts';
import type { Done, Faults, FaultStage } from './fault.ts';
import { recoveryLimitMs, recoveryMs } from './recovery.ts';
import { schedule } from './schedule.ts';

/** When to stop injecting faults. */
interface End {
  /** Epoch ms. */
  readonly until: number;
  /**
   * The kinds of faults that must happen. Those that have not happened by `until` are injected after it; other kinds are not.
   */
  readonly must: readonly string[];
  /** Returns true once no more faults may be injected, e.g. because the load failed. */
  readonly calledOff: () => boolean;
}

/**
 * Injects one fault after the other and waits for recovery in between. Resolves with those kinds of `must` that did not happen
 * because they cannot be injected on this machine.
 */
export async function injectFaults<P extends Product>(
  stage: FaultStage<P>,
  faults: Faults<P>,
  end: End,
  print: (line: string) => void,
): Promise<readonly string[]> {
  const awaited = new Set(end.must);
  const missing = new Set(end.must);
  for (const [kind, fault] of schedule(Object.entries(faults), stage.random)) {
    const isOver = Date.now() >= end.until;
    if (end.calledOff() || (isOver && awaited.size === 0)) break;
    if (isOver && !awaited.has(kind)) continue;
    await pause(stage.random.whole(500, 2_500));
    const begunAt = Date.now();
    const done = await fault({ ...stage, random: stage.random.fork(kind) });
    awaited.delete(kind);
    if (done.skipped !== undefined) {
      stage.journal.skipped.set(kind, done.skipped);
      print(`${kind.padEnd(13)} skipped: ${done.skipped}`);
    } else {
      missing.delete(kind);
      print(`${kind.padEnd(13)} ${await recover(stage, { ...done, kind, begunAt })}`);
    }
  }
  return [...missing];
}

/** Waits for the recovery, finishes the fault and records it in the journal. Returns a line for the log. */
async function recover(
  stage: FaultStage,
  done: Done & { readonly kind: string; readonly begunAt: number },
): Promise<string> {
  const { kind, begunAt, what, moments = [] } = done;
  const limitMs = recoveryLimitMs(stage.product, done);
  const recovery = await recoveryMs(stage, done, limitMs);
  try {
    await done.afterwards?.();
  } finally {
    await done.settled;
  }
  stage.journal.fault({ kind, what, at: begunAt, moments, limitMs, recoveryMs: recovery });
  return `${what}; ${recovery === undefined ? 'NOT RECOVERED' : `next success after ${recovery} ms`}`;
}
