import { expect, test } from 'vitest';
import { createMetrics, type Load } from '../../src/platform/metrics.ts';
import { rejectionReasons } from '../../src/platform/metric-table.ts';
import { noLoad } from './no-load.ts';
import { samplesOf } from './samples.ts';

/** A directory of agents that the test changes, and the metrics of a process that has read it. */
function withDirectory(more: Partial<Load> = {}) {
  const names = new Set<string>();
  let revision = 0;
  const metrics = createMetrics({
    ...noLoad,
    ...more,
    agents: {
      isRegistered: (name) => names.has(name),
      names: () => [...names],
      get revision() {
        return revision;
      },
    },
  });
  const change = (how: () => void) => () => {
    how();
    revision += 1;
    return Promise.resolve();
  };
  return {
    metrics,
    add: (name: string) => metrics.readDirectory(change(() => names.add(name))),
    remove: (name: string) => metrics.readDirectory(change(() => names.delete(name))),
    readNothingNew: () => metrics.readDirectory(() => Promise.resolve()),
    samples: async () => samplesOf(await metrics.page()),
  };
}

const answered = { outcome: 'answered', error_type: '' };

test('the gauges show the load at the moment in which they are read', async () => {
  const load = { calls: 0, asks: 0, queued: 0 };
  const { samples } = withDirectory({
    callsInFlight: () => load.calls,
    asksInFlight: () => load.asks,
    turnsQueued: () => load.queued,
  });
  for (const [calls, asks, queued] of [
    [3, 2, 1],
    [0, 1, 0],
  ] as const) {
    Object.assign(load, { calls, asks, queued });
    const read = await samples();
    expect(read.get('holdfast_calls_in_flight')).toBe(calls);
    expect(read.get('holdfast_asks_in_flight')).toBe(asks);
    expect(read.get('holdfast_turns_queued')).toBe(queued);
  }
});

test('an agent of the directory has its state, its circuit and its requests, also if there are none', async () => {
  const worked: string[] = [];
  const { add, samples } = withDirectory({
    stateOf: (agent) => {
      worked.push(agent);
      const isBad = agent === 'bad';
      return { status: isBad ? 'unreachable' : 'healthy', circuitOpen: isBad, paused: !isBad };
    },
    sentByAgent: () =>
      new Map([
        ['bad', 2],
        ['removed', 1],
        ['removed too', 1],
      ]),
  });
  await add('bad');
  await add('good');
  const read = await samples();
  expect(worked).toEqual(['bad', 'good']);
  expect([...read].filter(([name]) => name.startsWith('holdfast_agent_'))).toEqual([
    ['holdfast_agent_in_flight{agent="bad"}', 2],
    ['holdfast_agent_in_flight{agent="good"}', 0],
    ['holdfast_agent_in_flight{agent="(other)"}', 2],
    ['holdfast_agent_state{agent="bad",state="healthy"}', 0],
    ['holdfast_agent_state{agent="bad",state="degraded"}', 0],
    ['holdfast_agent_state{agent="bad",state="unhealthy"}', 0],
    ['holdfast_agent_state{agent="bad",state="unreachable"}', 1],
    ['holdfast_agent_state{agent="good",state="healthy"}', 1],
    ['holdfast_agent_state{agent="good",state="degraded"}', 0],
    ['holdfast_agent_state{agent="good",state="unhealthy"}', 0],
    ['holdfast_agent_state{agent="good",state="unreachable"}', 0],
    ['holdfast_agent_circuit_open{agent="bad"}', 1],
    ['holdfast_agent_circuit_open{agent="good"}', 0],
    ['holdfast_agent_paused{agent="bad"}', 0],
    ['holdfast_agent_paused{agent="good"}', 1],
  ]);
});

test('a process that neither asks agents nor reads their health has no series about them', async () => {
  const { add, samples } = withDirectory();
  await add('writer');
  expect([...(await samples()).keys()].filter((name) => name.startsWith('holdfast_agent_'))).toEqual([]);
});

test('what is counted about an agent that is not known yet waits until the directory was read', async () => {
  const { metrics, add, readNothingNew, samples } = withDirectory();
  const count = (agent: string) =>
    metrics.agentLabels.count([agent], ([label = '']) => metrics.calls.inc({ agent: label, ...answered }));
  const calls = async (agent: string) =>
    (await samples()).get(`holdfast_calls_total{agent="${agent}",outcome="answered",error_type=""}`);
  count('new');
  expect(await calls('new')).toBeUndefined();
  await add('new');
  expect(await calls('new')).toBe(1);
  expect(await calls('(other)')).toBeUndefined();

  count('unknown');
  await readNothingNew();
  expect(await calls('(other)')).toBe(1);
});

test('what waits is kept if the directory cannot be read, but not without end', async () => {
  const { metrics, samples } = withDirectory();
  const away = () => Promise.reject(new Error('away'));
  for (let i = 0; i < 10_001; i++)
    metrics.agentLabels.count(['a'], ([label = '']) => metrics.calls.inc({ agent: label, ...answered }));
  await expect(metrics.readDirectory(away)).rejects.toThrow('away');
  const other = 'holdfast_calls_total{agent="(other)",outcome="answered",error_type=""}';
  expect((await samples()).get(other)).toBe(1);
});

test('the series of a removed agent go away, those that name it with another agent, too; an agent of the same name begins anew', async () => {
  const { metrics, add, remove, samples } = withDirectory();
  await add('gone');
  await add('stays');
  metrics.calls.inc({ agent: 'gone', ...answered });
  metrics.attempts.inc({ agent: 'gone', ...answered });
  metrics.attempts.inc({ agent: 'stays', ...answered });
  metrics.fallbacks.inc({ from: 'gone', to: 'stays', error_type: 'timeout' });
  metrics.fallbacks.inc({ from: 'stays', to: 'gone', error_type: 'timeout' });
  metrics.calls.inc({ agent: '(other)', ...answered });
  expect(await metrics.page()).toContain('gone');

  await remove('gone');
  expect(await metrics.page()).not.toContain('gone');
  const left = await samples();
  expect(left.get('holdfast_attempts_total{agent="stays",outcome="answered",error_type=""}')).toBe(1);
  expect(left.get('holdfast_calls_total{agent="(other)",outcome="answered",error_type=""}')).toBe(1);

  await add('gone');
  metrics.calls.inc({ agent: 'gone', ...answered });
  expect((await samples()).get('holdfast_calls_total{agent="gone",outcome="answered",error_type=""}')).toBe(
    1,
  );
});

test('every reason of a refusal is there from the start, so that its first increase is seen', async () => {
  const { samples } = withDirectory();
  const read = await samples();
  for (const reason of Object.keys(rejectionReasons))
    expect(read.get(`holdfast_admission_rejected_total{reason="${reason}"}`)).toBe(0);
});

test('the resources of the process are included', async () => {
  const { samples } = withDirectory();
  expect((await samples()).get('process_resident_memory_bytes')).toBeGreaterThan(0);
});

test('nodes in one process have separate metrics', async () => {
  const [one, other] = [withDirectory(), withDirectory()];
  one.metrics.calls.inc({ agent: 'writer', ...answered });
  expect(await other.metrics.page()).not.toContain('agent="writer"');
});
