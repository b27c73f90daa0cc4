/** What a timeline draws, from what is known of a call. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaleTo } from '../../web/src/call/scale.ts';
import { timelineOf, triesOf } from '../../web/src/call/timeline-model.ts';
import type { Attempt, Call, CallEvent, Try } from '../../web/src/wire.ts';

const zero = Date.parse('2026-11-25T08:00:00.000Z');
const at = (ms: number): string => new Date(zero + ms).toISOString();
const aTry = (attempt: number, startMs: number, latency: number, errorType: string | null): Try => ({
  attempt,
  at: at(startMs),
  latency_ms: latency,
  error_type: errorType,
  first_byte_ms: null,
  lost: false,
});
const attemptOf = (agent: string, status: Attempt['status'], log: readonly Try[]): Attempt => ({
  agent,
  status,
  error_type: null,
  error: null,
  tries: log.length,
  latency_ms: null,
  try_log: log,
});
const callOf = (
  attempts: readonly Attempt[],
  endedMs: number | null,
  queuedMs: number | null = null,
): Call => ({
  call_id: 'c',
  status: endedMs === null ? 'running' : 'completed',
  asked: 'a',
  answered_by: null,
  error_type: null,
  session_id: 's',
  user_id: null,
  started_at: at(0),
  ended_at: endedMs === null ? null : at(endedMs),
  rerun_of: null,
  response: null,
  error: null,
  attempts,
  session_stored: null,
  prompt: '',
  metadata: null,
  deadline_seconds: 600,
  timings: { queued_ms: queuedMs, first_byte_ms: null, agent_ms: null, overhead_ms: null, total_ms: null },
  chain: [],
  passed_over: [],
  reruns: [],
  web_ui_url: null,
});
const seen = (call: Call, events: readonly CallEvent[] = [], nowMs = 0) =>
  timelineOf(call, events, zero + nowMs).bars.map(
    ({ kind, lane, startMs, endMs, open }) => `${kind} ${lane} ${startMs}-${endMs}${open ? ' open' : ''}`,
  );

describe('a timeline', () => {
  it('of an ended call has its queue, its tries, the waits between them, and one lane per agent', () => {
    const call = callOf(
      [
        attemptOf('a', 'failed', [aTry(1, 100, 50, 'timeout'), aTry(2, 1_150, 40, 'timeout')]),
        attemptOf('skipped', 'skipped', []),
        attemptOf('b', 'ok', [aTry(1, 1_200, 30, null)]),
      ],
      1_240,
      90,
    );
    expect(seen(call)).toEqual([
      'queue 0 0-90',
      'try 1 100-150',
      'backoff 1 150-1150',
      'try 1 1150-1190',
      'try 2 1200-1230',
    ]);
    const { failovers, lanes } = timelineOf(call, [], zero);
    expect(lanes.map((lane) => lane.name)).toEqual(['Waiting for its turn', 'a', 'b']);
    expect(failovers).toEqual([{ lane: 2, atMs: 1_200 }]);
  });

  it('of a running call shows what runs until now, and the wait that is known to come until its end', () => {
    const call = callOf([], null);
    const started = { type: 'attempt_started', at: at(10), agent: 'a', attempt: 1 };
    const failed = { type: 'attempt_failed', at: at(60), agent: 'a', attempt: 1, error_type: 'timeout' };
    expect(seen(call, [started], 40)).toEqual(['try 0 10-40 open']);
    expect(seen(call, [started, { ...failed, retry_at: at(1_060) }], 500)).toEqual([
      'try 0 10-60',
      'backoff 0 60-1060 open',
    ]);
    expect(seen(call, [{ type: 'queued', at: at(0) }], 500)).toEqual(['queue 0 0-500 open']);
  });

  it('takes the log of a try where the events tell of it too', () => {
    const call = callOf([attemptOf('a', 'ok', [aTry(1, 12, 30, null)])], 50);
    const events = [
      { type: 'attempt_started', at: at(10), agent: 'a', attempt: 1 },
      { type: 'answered', at: at(45), agent: 'a' },
    ];
    expect(seen(call, events)).toEqual(['try 0 12-42']);
  });

  it('ends what a cancelled call was asking', () => {
    const events = [
      { type: 'attempt_started', at: at(10), agent: 'a', attempt: 1 },
      { type: 'cancelled', at: at(45) },
    ];
    const [only] = triesOf(callOf([], 50), events, zero);
    expect(only).toMatchObject({ endMs: 45, open: false, errorType: 'cancelled' });
  });

  it('never draws outside of its axis, and its marks are few and round', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400_000 }), (endMs) => {
        const { x, ticks } = scaleTo(endMs);
        expect(x(endMs)).toBeLessThan(100);
        expect(ticks.length).toBeLessThanOrEqual(8);
        for (const tick of ticks) {
          expect(x(tick)).toBeLessThanOrEqual(100);
          expect(Number.isInteger(tick)).toBe(true);
        }
      }),
    );
  });
});
