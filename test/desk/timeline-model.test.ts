/** What a timeline draws for a call and its events. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../../src/contract/call-events.ts';
import type { Attempt, Try } from '../../src/contract/calls.ts';
import { scaleTo } from '../../web/src/call/scale.ts';
import { timelineOf, triesOf, type DrawnCall } from '../../web/src/call/timeline-model.ts';

const zero = Date.parse('2026-11-25T08:00:00.000Z');
const at = (ms: number): string => new Date(zero + ms).toISOString();
const aTry = (tryNumber: number, startMs: number, latency: number, errorType: Try['error_type']): Try => ({
  try: tryNumber,
  attempt: tryNumber,
  at: at(startMs),
  latency_ms: latency,
  error_type: errorType,
  first_byte_ms: null,
  lost: false,
  http_status: null,
  headers: null,
  body_excerpt: null,
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
): DrawnCall => ({
  session_id: 's',
  started_at: at(0),
  ended_at: endedMs === null ? null : at(endedMs),
  attempts,
  timings: { queued_ms: queuedMs, first_byte_ms: null, agent_ms: null, overhead_ms: null, total_ms: null },
});
const seen = (call: DrawnCall, events: readonly CallEvent[] = [], nowMs = 0) =>
  timelineOf(call, events, zero + nowMs).bars.map(
    ({ kind, lane, startMs, endMs, open }) => `${kind} ${lane} ${startMs}-${endMs}${open ? ' open' : ''}`,
  );

const started: CallEvent = {
  type: 'attempt_started',
  at: at(10),
  call_id: 'c',
  agent: 'a',
  try: 1,
  attempt: 1,
};

describe('a timeline', () => {
  it('of an ended call has the wait for its turn, its tries, the backoffs between them, and one lane per agent', () => {
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

  it('of a running call draws open bars until now, and a backoff until its known end', () => {
    const call = callOf([], null);
    const failed: CallEvent = {
      type: 'attempt_failed',
      at: at(60),
      call_id: 'c',
      agent: 'a',
      try: 1,
      attempt: 1,
      error_type: 'timeout',
      error: null,
      retry_at: at(1_060),
    };
    expect(seen(call, [started], 40)).toEqual(['try 0 10-40 open']);
    expect(seen(call, [started, failed], 500)).toEqual(['try 0 10-60', 'backoff 0 60-1060 open']);
    expect(seen(call, [{ type: 'queued', at: at(0), call_id: 'c' }], 500)).toEqual(['queue 0 0-500 open']);
  });

  it('prefers the log of a try to its events', () => {
    const call = callOf([attemptOf('a', 'ok', [aTry(1, 12, 30, null)])], 50);
    const answered: CallEvent = { type: 'answered', at: at(45), call_id: 'c', agent: 'a', latency_ms: 35 };
    expect(seen(call, [started, answered])).toEqual(['try 0 12-42']);
  });

  it('closes the open try of a cancelled call', () => {
    const cancelled: CallEvent = { type: 'cancelled', at: at(45), call_id: 'c' };
    const [only] = triesOf(callOf([], 50), [started, cancelled], zero);
    expect(only).toMatchObject({ endMs: 45, open: false, errorType: 'cancelled' });
  });

  it('never draws beyond its axis, and has few ticks, at whole milliseconds', () => {
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
