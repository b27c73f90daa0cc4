/** Temporal does not answer: no request hangs, each says that another try may help, and calls in flight go on. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNode, type RunningNode } from '../../src/node/start-node.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { findTemporalCli } from '../../src/platform/embedded/find-cli.ts';
import { createLog } from '../../src/platform/logging.ts';
import { binariesDir } from '../../src/platform/paths.ts';
import { HttpClient, type HttpAnswer } from '../rig/http-client.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { expectProblem } from './problem.ts';
import { gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

async function serverPid(dataDir: string): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args=']);
  const line = stdout
    .split('\n')
    .find((one) => one.includes(`${dataDir}/temporal.db`) && !one.includes('/bin/sh'));
  return Number(line?.trim().split(' ')[0]);
}

async function timed(answer: Promise<HttpAnswer>): Promise<{ answer: HttpAnswer; tookMs: number }> {
  const startedAt = performance.now();
  return { answer: await answer, tookMs: performance.now() - startedAt };
}

const emptySession = {
  created_at: '2026-01-01T00:00:00Z',
  last_activity: '2026-01-01T00:00:00Z',
  messages: [],
};

/** Everything that needs Temporal, at once. A slow machine may take a second more than the deadline of the RPC. */
async function expectRefusalsInTime(http: HttpClient): Promise<void> {
  const within = async (seconds: number, request: Promise<HttpAnswer>): Promise<HttpAnswer> => {
    const { answer, tookMs } = await timed(request);
    expectProblem(answer, 503, 'temporal_unavailable');
    expect(tookMs).toBeLessThan(seconds * 1_000 + 1_000);
    return answer;
  };
  const reads = [
    '/readyz',
    '/api/vps/status',
    '/api/vps/calls',
    '/api/vps/calls/x',
    '/api/vps/calls/x/history',
    '/api/vps/calls/export',
    '/api/vps/sessions',
    '/api/vps/sessions/x',
    '/api/vps/sessions/export',
    '/api/vps/health/nobody',
  ];
  const [call, inSession] = await Promise.all([
    within(10, http.call({ agent_name: 'agent', prompt: 'x' })),
    within(5, http.call({ agent_name: 'agent', prompt: 'x', session_id: 's' }, { Prefer: 'respond-async' })),
    ...reads.map((path) => within(2, http.get(path))),
    within(2, http.post('/api/vps/calls/x/cancel')),
    within(2, http.post('/api/vps/calls/x/rerun')),
    within(2, http.post('/api/vps/sessions/cleanup')),
    within(2, http.post('/api/vps/sessions/import', { sessions: { s: emptySession } })),
    within(5, http.post('/api/vps/register', { name: 'new', host: '127.0.0.1', port: 1 })),
    within(5, http.delete('/api/vps/agents/agent')),
    within(5, http.delete('/api/vps/sessions/s')),
  ]);
  for (const { headers } of [call, inSession])
    expect(headers.get('Location')).toMatch(/^\/api\/vps\/calls\/.+/);
}

/** What a node knows by itself. */
async function expectOwnAnswersAtOnce(http: HttpClient): Promise<void> {
  for (const path of [
    '/healthz',
    '/metrics',
    '/openapi.json',
    '/api/vps/agents',
    '/api/vps/health',
    '/api/vps/health/agent',
  ]) {
    const { answer, tookMs } = await timed(http.get(path));
    expect(answer.status).toBe(200);
    expect(tookMs).toBeLessThan(1_000);
  }
}

describe('while its Temporal server is frozen', () => {
  const node = useNode();

  it('a node refuses calls in time; afterwards the call in flight ends, and new calls are accepted', async () => {
    await node.agent('agent', says('hello'));
    const gate = gated('after the outage');
    const waited = await node.agent('waited', gate.script);
    const inFlight = node.http.call({ agent_name: 'waited', prompt: 'x' });
    await waited.waitForRequests(1);
    const pid = await serverPid(node.dataDir);

    process.kill(pid, 'SIGSTOP');
    try {
      const refusals = expectRefusalsInTime(node.http);
      await expectOwnAnswersAtOnce(node.http);
      gate.open();
      await refusals;
    } finally {
      process.kill(pid, 'SIGCONT');
    }

    expect((await inFlight).body).toMatchObject({ success: true, response: 'after the outage' });
    // Its heartbeats stood still, so it may have been asked again (I3), as the same request and on nobody's account.
    expect(new Set(waited.requests.map((request) => request.callKey)).size).toBe(1);
    expect((await node.http.get('/api/vps/health/waited')).body).toMatchObject({ total_failures: 0 });
    await expect.poll(async () => (await node.http.get('/readyz')).status).toBe(200);
    // A workflow task that the frozen server had handed out is given up after 5 s: until then a caller is told to try again.
    const again = { 'Idempotency-Key': 'after-the-outage' };
    const next = () => node.http.call({ agent_name: 'agent', prompt: 'x', session_id: 's' }, again);
    await expect.poll(async () => (await next()).body).toMatchObject({ success: true });
  });
});

describe('after its Temporal server was lost', () => {
  let dir: string;
  let node: RunningNode;
  let http: HttpClient;
  let dataDir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
    const real = await findTemporalCli({ configured: undefined, binariesDir });
    // A CLI that starts a server once: what was killed stays away, and connections to it are refused.
    const cli = join(dir, 'temporal');
    const once = `[ "$1" != server ] || mkdir ${join(dir, 'started')} || exit 1`;
    await writeFile(cli, `#!/bin/sh\n${once}\nexec ${real} "$@"\n`);
    await chmod(cli, 0o700);
    const environment = await testEnvironment({ HOLDFAST_TEMPORAL_CLI: cli });
    dataDir = environment.HOLDFAST_DATA_DIR;
    node = await startNode(loadConfig(environment), createLog('silent'));
    http = new HttpClient(node.url);
    await http.register('agent', 9);
    process.kill(await serverPid(dataDir), 'SIGKILL');
  });
  afterAll(async () => {
    await node.stop();
    for (const one of [dir, dataDir]) await rm(one, { recursive: true, force: true });
  });

  it('a node reports that it cannot continue, and refuses calls in time until it ends', async () => {
    expect(await node.failed).toContain('the Temporal server could not be restarted');
    const refusals = expectRefusalsInTime(http);
    await expectOwnAnswersAtOnce(http);
    await refusals;
  });
});
