/** What a workflow task that is done twice reports. test/node/metrics.test.ts has the rest, with a real node. */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CallReports } from '../../src/node/call-reports.ts';
import type { Log } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { withoutSpans } from '../../src/platform/tracing.ts';
import type { EndedCall } from '../../src/workflows/sinks.ts';
import { noLoad } from '../platform/no-load.ts';
import { samplesOf } from '../platform/samples.ts';

const call: EndedCall = {
  callId: 'crm.one',
  sessionId: 'crm\u001fcustomer',
  agent: 'writer',
  startedAt: 1_000,
  queuedMs: 200,
  attempts: [
    { agent: 'writer', errorType: 'timeout', tries: 2, latencyMs: 400 },
    { agent: 'helper', tries: 1, latencyMs: 300 },
  ],
};

function reports() {
  const lines: Record<string, unknown>[] = [];
  const metrics = createMetrics({ ...noLoad, agents: { ...noLoad.agents, isRegistered: () => true } });
  const log = { info: (line: Record<string, unknown>) => lines.push(line) } as unknown as Log;
  const samples = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      [...samplesOf(await metrics.page())].filter(
        ([name, value]) => value !== 0 && /^holdfast_\w+_(total|count|sum)\b/.test(name),
      ),
    );
  return { lines, samples, to: new CallReports({ metrics, log, tracing: withoutSpans, now: () => 2_000 }) };
}

test('a report that comes twice counts once and is logged once', async () => {
  const { lines, samples, to } = reports();
  for (let i = 0; i < 2; i++) {
    to.attempt('run', 'writer', 'timeout');
    to.fallback('run', { from: 'writer', to: 'helper', errorType: 'timeout' });
    to.attempt('run', 'helper', undefined);
    to.ended('run', { ...call, agent: 'helper' }, true);
  }
  expect(await samples()).toEqual({
    'holdfast_attempts_total{agent="writer",outcome="failed",error_type="timeout"}': 1,
    'holdfast_attempts_total{agent="helper",outcome="answered",error_type=""}': 1,
    'holdfast_fallbacks_total{from="writer",to="helper",error_type="timeout"}': 1,
    'holdfast_calls_total{agent="helper",outcome="answered",error_type=""}': 1,
    'holdfast_call_duration_seconds_count{outcome="answered"}': 1,
    'holdfast_call_duration_seconds_sum{outcome="answered"}': 1,
    holdfast_call_overhead_seconds_count: 1,
    holdfast_call_overhead_seconds_sum: 0.1,
  });
  await setImmediate();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    callId: 'crm.one',
    project: 'crm',
    sessionId: 'customer',
    agent: 'helper',
    outcome: 'answered',
    durationMs: 1_000,
    overheadMs: 100,
  });
});

test('the counts that alerts are about begin with 0, so that the first failure is an increase', async () => {
  const metrics = createMetrics(noLoad);
  const page = await metrics.page();
  for (const outcome of ['answered', 'failed', 'cancelled'])
    expect(page).toContain(`holdfast_call_duration_seconds_count{outcome="${outcome}"} 0`);
});

test('a run that a reset began counts and is logged again, but has no part in the durations', async () => {
  const { lines, samples, to } = reports();
  to.ended('run', call, true);
  to.ended('another run', call, false);
  await setImmediate();
  const counted = await samples();
  expect(counted['holdfast_calls_total{agent="writer",outcome="answered",error_type=""}']).toBe(2);
  expect(counted['holdfast_call_duration_seconds_count{outcome="answered"}']).toBe(1);
  expect(counted['holdfast_call_overhead_seconds_count']).toBe(1);
  expect(lines.map(({ runId }) => runId)).toEqual(['run', 'another run']);
});

test('a clock that was set back makes no negative durations', async () => {
  const { lines, to } = reports();
  to.ended('run', { ...call, startedAt: 5_000 }, true);
  await setImmediate();
  expect(lines[0]).toMatchObject({ durationMs: 0, overheadMs: 0 });
});
