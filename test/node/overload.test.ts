/** 1,000 calls in flight on a slow agent: the node answers at once, refuses the next, and its memory is bounded. */
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as pass } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';

const calls = 1_000;
/** Stated in docs/reliability.md. */
const maxRssMiB = 700;
const healthzP99Ms = 250;

test('1,000 calls in flight leave the node responsive and bounded', { timeout: 240_000 }, async () => {
  const environment = await testEnvironment({ HOLDFAST_MAX_CALLS_IN_FLIGHT: String(calls) });
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  const node = await startNodeProcess(environment);
  const slow = await startAgent(() => ({ hang: true }));
  onTestFinished(() => slow.close());
  await node.http.register('slow', slow.port, { timeout_seconds: 600 });

  let left = calls;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { status } = await node.http.call(
        { agent_name: 'slow', prompt: 'take your time', deadline_seconds: 600 },
        { Prefer: 'respond-async' },
      );
      expect(status).toBe(202);
    }
  };
  const progress = { starting: true };
  const started = Promise.all(Array.from({ length: 16 }, lane)).then(() => (progress.starting = false));
  const latencies: number[] = [];
  const look = async (): Promise<void> => {
    const askedAt = performance.now();
    expect((await node.http.get('/healthz')).status).toBe(200);
    latencies.push(performance.now() - askedAt);
    await pass(20);
  };
  while (progress.starting) await look();
  await started;
  await slow.waitForRequests(calls);
  const inFlightFrom = latencies.length;
  while (latencies.length < inFlightFrom + 300) await look();

  const refused = await node.http.call({ agent_name: 'slow', prompt: 'one too many' });
  expect(refused).toMatchObject({ status: 429, body: { error_type: 'overloaded' } });
  expect(refused.headers.get('Retry-After')).toBe('1');
  expect(refused.headers.get('RateLimit-Policy')).toContain(`q=${calls}`);
  expect((await node.http.get('/metrics')).body.text).toContain(`holdfast_asks_in_flight ${calls}`);

  const p99 = (values: number[]): number =>
    values.sort((a, b) => a - b)[Math.floor(0.99 * values.length)] ?? 0;
  const rssMiB = await rssOf(node.process.pid);
  const figures = {
    whileStarting: Math.round(p99(latencies.slice(0, inFlightFrom))),
    inFlight: Math.round(p99(latencies.slice(inFlightFrom))),
    rssMiB,
  };
  console.log(`p99 of /healthz in ms and memory with ${calls} calls in flight: ${JSON.stringify(figures)}`);
  expect(figures.whileStarting).toBeLessThan(healthzP99Ms);
  expect(figures.inFlight).toBeLessThan(healthzP99Ms);
  expect(rssMiB).toBeLessThan(maxRssMiB);
  expect(slow.aborts).toBe(0);
});

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024);
}
