import { afterEach, expect, it, vi } from 'vitest';
import { CallsInFlight } from '../../src/services/calls/calls-in-flight.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('a call that was started while the wall clock was wrong is checked, and dropped, as soon as any other', () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ['Date', 'performance'] });
  const inFlight = new CallsInFlight();
  vi.setSystemTime(Date.UTC(2026, 0, 1, 1)); // An hour ahead, and set right.
  inFlight.add('call', 'agent', 60_000);
  vi.setSystemTime(Date.UTC(2026, 0, 1));
  vi.advanceTimersByTime(2_001);
  expect(inFlight.dueForCheck(performance.now(), 10)).toEqual(['call']);
  vi.advanceTimersByTime(60_000);
  inFlight.sweep(performance.now());
  expect([inFlight.size, inFlight.ofAgent('agent')]).toEqual([0, 0]);
});
