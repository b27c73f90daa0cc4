/** How long a call waits for a paused agent, in a process that learns of pauses by itself. */
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { expect, it } from 'vitest';
import type { AgentPauses } from '../../src/activities/agent-pauses.ts';
import { createAwaitResume, type AwaitedResume } from '../../src/activities/await-resume.ts';
import type { AgentPause } from '../../src/domain/agent-pause.ts';

/** The activities of one process, as the worker runs them. */
function processOf(maxWaiting: number) {
  const known: { pause: AgentPause | undefined; isKnown: boolean } = { pause: undefined, isKnown: true };
  const pauses: AgentPauses = {
    known: () => Promise.resolve(),
    get isKnown() {
      return known.isKnown;
    },
    pauseOf: () => known.pause,
  };
  const activities = createAwaitResume({ pauses, now: Date.now, maxWaiting });
  const wait = (scheduleToCloseTimeoutMs = 60_000): Promise<AwaitedResume> => {
    const info = { scheduledTimestampMs: Date.now(), scheduleToCloseTimeoutMs, heartbeatTimeoutMs: 5_000 };
    const context = { info, cancellationSignal: new AbortController().signal, heartbeat: () => undefined };
    return asyncLocalStorage.run(context as unknown as Context, () =>
      activities.awaitResume({ agent: 'helper' }),
    );
  };
  return { known, wait };
}
const paused: AgentPause = { since: 0, newCalls: 'wait' };

it('a process that could not read the directory does not take a paused agent for a resumed one', async () => {
  const { known, wait } = processOf(10);
  known.isKnown = false;
  expect(await wait(3_500)).toBe('over');
  known.isKnown = true;
  expect(await wait()).toBe('resumed');
});

it('a wait that finds no place ends at once and is tried again later; once there is no pause it goes on', async () => {
  const { known, wait } = processOf(1);
  known.pause = paused;
  const first = wait();
  await expect(wait()).rejects.toMatchObject({
    type: 'no_place',
    nonRetryable: false,
    nextRetryDelay: 10_000,
  });
  await expect(wait()).rejects.toMatchObject({ type: 'no_place' });
  known.pause = undefined;
  expect(await Promise.all([first, wait()])).toEqual(['resumed', 'resumed']);
  known.pause = paused;
  const next = wait();
  known.pause = { since: 0, newCalls: 'fall_back' };
  expect(await Promise.all([next, wait()])).toEqual(['passed_on', 'passed_on']);
});
