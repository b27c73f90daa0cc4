/** A Temporal server that has had enough (RESOURCE_EXHAUSTED): a bounded wait, then a refusal; what was accepted is kept. */
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { expectProblem } from '../api/problem.ts';
import { says } from '../api/scripts.ts';
import { startNodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import { testEnvironment } from '../rig/test-node.ts';

const calls = 120;
const patienceSeconds = 3;
/** In line, then the patience of a start, 10 s, and what a slow machine adds. */
const longestMs = patienceSeconds * 1_000 + 20_000;

test(
  'more calls than the server takes are accepted late or refused, and all accepted ones end',
  { timeout: 180_000 },
  async () => {
    const temporal = await startTemporalServer([
      'frontend.namespaceRPS=15',
      'frontend.namespaceBurstRatio=1',
    ]);
    const environment = await testEnvironment({
      TEMPORAL_ADDRESS: temporal.address,
      HOLDFAST_START_PATIENCE_SECONDS: String(patienceSeconds),
    });
    onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
    const node = await startNodeProcess(environment);
    const agent = await startAgent(says('at last'));
    onTestFinished(() => agent.close());
    await node.http.register('agent', agent.port);

    const ask = async (index: number) => {
      const startedAt = performance.now();
      const answer = await node.http.call(
        { agent_name: 'agent', prompt: String(index) },
        { Prefer: 'respond-async' },
      );
      return { ...answer, tookMs: performance.now() - startedAt };
    };
    const answers = await Promise.all(Array.from({ length: calls }, (_, index) => ask(index)));

    const refused = answers.filter(({ status }) => status !== 202);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(answer.headers.get('Retry-After')).toBe('2');
      if (answer.status === 429) expectProblem(answer, 429, 'overloaded');
      else {
        expect(answer).toMatchObject({ status: 503, body: { error_type: 'temporal_unavailable' } });
        expect(answer.headers.get('Location')).toMatch(/^\/api\/vps\/calls\/./); // It may have been started after all.
      }
    }
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(longestMs);
    expect((await node.http.get('/healthz')).status).toBe(200);
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted.length).toBeGreaterThan(0);
    await temporal.kill();
    await temporal.start(); // Without the limit.
    const running = async () => (await node.http.get('/api/vps/calls?status=running&limit=1')).body.calls;
    await expect.poll(running, { timeout: 60_000 }).toEqual([]);
    const { body } = await node.http.get('/api/vps/calls?status=completed&limit=200');
    const completed = (body.calls as { call_id: string }[]).map(({ call_id }) => call_id);
    expect(completed).toEqual(expect.arrayContaining(accepted.map((answer) => answer.body.call_id)));
  },
);
