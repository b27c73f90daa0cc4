/** I7: a call ends by its deadline, or soon after where nobody was there to end it; and none is said to have passed before. */
import type { Evidence, Finding } from './evidence.ts';

/** Temporal itself ends a call this long after its deadline. */
const graceMs = 61_000;

/** Both times are of the server's clock, which may be read at either end of a task. */
const earlyMs = 500;

export function checkDeadlines({ calls, views }: Evidence): Finding {
  const late = [...calls.values()].map(({ callId, startedAt, endedAt, deadlineMs }) => ({
    callId,
    lateMs: endedAt - startedAt - deadlineMs,
  }));
  const violations = late
    .filter(({ lateMs }) => lateMs > graceMs)
    .map(({ callId, lateMs }) => `${callId}: ended ${lateMs} ms after its deadline`);
  const early = [...calls.values()].filter(
    ({ callId, startedAt, endedAt, deadlineMs }) =>
      views.get(callId)?.errorType === 'deadline_exceeded' && endedAt - startedAt < deadlineMs - earlyMs,
  );
  violations.push(
    ...early.map(
      ({ callId, startedAt, endedAt, deadlineMs }) =>
        `${callId}: was told after ${endedAt - startedAt} ms that its deadline of ${deadlineMs} ms had passed`,
    ),
  );
  const worst = Math.max(0, ...late.map(({ lateMs }) => lateMs));
  const what = 'every call ends within a minute of its deadline, none says so before it has passed';
  return { row: 'I7', what, checked: late.length, violations, note: `at worst ${worst} ms after it` };
}
