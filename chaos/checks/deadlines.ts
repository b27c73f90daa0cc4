/** I7: a call ends by its deadline, or soon after where nobody was there to end it. */
import type { Evidence, Finding } from './evidence.ts';

/** Temporal itself ends a call this long after its deadline. */
const graceMs = 61_000;

export function checkDeadlines({ calls }: Evidence): Finding {
  const late = [...calls.values()].map(({ callId, startedAt, endedAt, deadlineMs }) => ({
    callId,
    lateMs: endedAt - startedAt - deadlineMs,
  }));
  const violations = late
    .filter(({ lateMs }) => lateMs > graceMs)
    .map(({ callId, lateMs }) => `${callId}: ended ${lateMs} ms after its deadline`);
  const worst = Math.max(0, ...late.map(({ lateMs }) => lateMs));
  const what = 'every call ends within a minute of its deadline';
  return { row: 'I7', what, checked: late.length, violations, note: `at worst ${worst} ms after it` };
}
