/**
 * Checks I7: a call ends by its deadline, or soon after it if no worker was running at the deadline. No call reports that its
 * deadline has passed before it has.
 */
import type { Evidence, Finding } from './evidence.ts';

/**
 * How long after its deadline a call may end. If no worker ends the call, Temporal's own timeout does so a minute after the
 * deadline; one more second is tolerance.
 */
const graceMs = 61_000;

/**
 * How much too early a call may seem to end. Both times come from the server's clock, which may be read at the start or at the
 * end of a task.
 */
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
        `${callId}: reported after ${endedAt - startedAt} ms that its deadline of ${deadlineMs} ms had passed`,
    ),
  );
  const worst = Math.max(0, ...late.map(({ lateMs }) => lateMs));
  const what = 'every call ends within a minute of its deadline, none reports it before it has passed';
  return { row: 'I7', what, checked: late.length, violations, note: `at worst ${worst} ms after it` };
}
