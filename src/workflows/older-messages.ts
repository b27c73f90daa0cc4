import { condition, proxyLocalActivities, sleep } from '@temporalio/workflow';
import type { TurnActivities } from '../activities/turn-activities.ts';
import type { SessionRun } from './session-run.ts';

/** The pause before a failed write to the payload store is tried again. Until then the messages stay in the workflow. */
const storeRetryMs = 10_000;

// One write of a few hundred KiB at most. Not retried: `moveOut` repeats it.
const { storeSegment } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '10 s',
  retry: { maximumAttempts: 1 },
});

/** Moves messages that are older than the window to the payload store. */
export async function moveOut(run: SessionRun): Promise<never> {
  const { book, sessionId, life } = run;
  for (;;) {
    await condition(() => book.overflow() !== undefined && !run.mustRenew);
    const segment = book.overflow();
    if (!segment) continue;
    run.inFlight += 1;
    const key = await storeSegment(sessionId, segment, life).catch(() => undefined);
    run.noteLength();
    if (key !== undefined) book.movedOut(segment, key);
    run.inFlight -= 1;
    if (key !== undefined) continue;
    await sleep(storeRetryMs);
    run.noteLength();
  }
}
