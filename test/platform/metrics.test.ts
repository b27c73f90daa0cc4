import { expect, test } from 'vitest';
import { createMetrics } from '../../src/platform/metrics.ts';

function loadedMetrics() {
  const load = { calls: 0, asks: 0 };
  return {
    load,
    ...createMetrics({
      callsInFlight: () => load.calls,
      startsWaiting: () => 0,
      asksInFlight: () => load.asks,
      watches: () => 0,
      clockSkewMs: () => 0,
    }),
  };
}

/** Parses the exposition format to values by name with labels. */
const samplesOf = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

test('the gauges show the load at the moment in which they are read', async () => {
  const { load, registry } = loadedMetrics();
  for (const [calls, asks] of [
    [3, 2],
    [0, 1],
  ] as const) {
    Object.assign(load, { calls, asks });
    const samples = samplesOf(await registry.metrics());
    expect(samples.get('holdfast_calls_in_flight')).toBe(calls);
    expect(samples.get('holdfast_asks_in_flight')).toBe(asks);
  }
});

test('calls, attempts and durations are counted by their labels', async () => {
  const metrics = loadedMetrics();
  metrics.calls.inc({ agent: 'writer', outcome: 'answered' });
  metrics.calls.inc({ agent: 'writer', outcome: 'timeout' });
  metrics.attempts.inc({ agent: 'writer', outcome: 'timeout' }, 2);
  metrics.callDuration.observe({ outcome: 'answered' }, 0.3);
  const samples = samplesOf(await metrics.registry.metrics());
  expect(samples.get('holdfast_calls_total{agent="writer",outcome="answered"}')).toBe(1);
  expect(samples.get('holdfast_calls_total{agent="writer",outcome="timeout"}')).toBe(1);
  expect(samples.get('holdfast_attempts_total{agent="writer",outcome="timeout"}')).toBe(2);
  expect(samples.get('holdfast_call_duration_seconds_bucket{le="0.25",outcome="answered"}')).toBe(0);
  expect(samples.get('holdfast_call_duration_seconds_bucket{le="0.5",outcome="answered"}')).toBe(1);
});

test('the resources of the process are included', async () => {
  const samples = samplesOf(await loadedMetrics().registry.metrics());
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(0);
});

test('nodes in one process have separate metrics', async () => {
  const [one, other] = [loadedMetrics(), loadedMetrics()];
  one.calls.inc({ agent: 'writer', outcome: 'answered' });
  expect(await other.registry.metrics()).not.toContain('agent="writer"');
});
