/** Ended batches, and agents that fail and come back, reach the log of endings once: also what no code of ours has seen. */
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FeedPosition } from '../../src/domain/ending.ts';
import type { AgentStateChanged, FeedEvent } from '../../src/domain/feed-event.ts';
import { agentHealthId } from '../../src/domain/ids.ts';
import { delay } from '../../src/lib/delay.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { Alerts } from '../../src/services/alerts/alerts.ts';
import { AgentStates } from '../../src/services/agents/agent-states.ts';
import { Health } from '../../src/services/agents/health.ts';
import { EndedCalls } from '../../src/services/endings/ended-calls.ts';
import { EndingHints } from '../../src/services/endings/ending-hints.ts';
import { EndingLog } from '../../src/services/endings/ending-log.ts';
import { EndingReader } from '../../src/services/endings/ending-reader.ts';
import { EntityUpdateLimit } from '../../src/services/temporal/entity-updates.ts';
import type { Temporal } from '../../src/services/temporal/rpc.ts';
import { reportOutcomesSignal } from '../../src/workflows/messages.ts';
import { resetWorkflow } from '../api/reset-run.ts';
import { startNodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import { segmentsIn } from './endings-log.ts';
import { agentOf, place } from './kill-support.ts';

const margin = { HOLDFAST_ENDINGS_MARGIN_SECONDS: '5' };

async function clientOf(address: string): Promise<Client> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return new Client({ connection });
}

async function eventsIn(dataDir: string): Promise<FeedEvent[]> {
  return (await segmentsIn(dataDir)).flatMap(({ events = [] }) => events);
}

async function changesIn(dataDir: string): Promise<AgentStateChanged[]> {
  return (await eventsIn(dataDir)).filter((event) => event.type === 'agent.state_changed');
}

/** Starts a reader of this test, for which a webhook wants everything. Its log is below `dataDir`. */
function startReader(temporal: Temporal, dataDir: string, position?: FeedPosition) {
  const store = createFileStore(join(dataDir, 'payloads'));
  const parts = {
    calls: new EndedCalls(
      temporal,
      () => undefined,
      () => ({}),
    ),
    log: new EndingLog(store),
    hints: new EndingHints(store),
    consumers: [],
    agentStates: new AgentStates(temporal),
    alerts: new Alerts(temporal, new EntityUpdateLimit()),
    wants: () => true,
    wanting: () => [],
    refresh: () => Promise.resolve(true),
    marginMs: 5_000,
    now: () => Date.now(),
    delay,
    onFailed: () => undefined,
  };
  const reader = new EndingReader(parts, position ?? { segment: 0, listedAt: 0, steadySince: 0 });
  const stopping = new AbortController();
  const done = reader.run(stopping.signal, Date.now());
  const stop = async (): Promise<void> => {
    stopping.abort();
    await done;
  };
  onTestFinished(stop);
  return { stop, place: () => reader.place };
}

describe('the log of endings', () => {
  it('has each batch that ended, also if somebody ended it in Temporal, but not one that goes on after a reset', async () => {
    const server = await startTemporalServer();
    const environment = await place({ ...margin, TEMPORAL_ADDRESS: server.address });
    const temporal = await clientOf(server.address);
    const node = await startNodeProcess(environment);
    let isHanging = false;
    const agent = await agentOf(() => (isHanging ? { hang: true } : { status: 401 }));
    await node.http.register('refuses', agent.port, { max_retries: 0 });
    for (const prompt of ['one', 'two'])
      await node.http.call({ agent_name: 'refuses', prompt, user_id: 'secret' });
    const batch = { filter: { agent: 'refuses', user: 'secret' }, rate_per_second: 50 };
    const dryRun = async () =>
      (await node.http.post('/api/vps/reruns', { ...batch, dry_run: true })).body.total;
    await expect.poll(dryRun).toBe(2);
    const start = async () => String((await node.http.post('/api/vps/reruns', batch)).body.batch_id);
    const handleOf = (batchId: string) => temporal.workflow.getHandle(`rerun-batch-${batchId}`);

    const completed = await start();
    await handleOf(completed).result();
    isHanging = true;
    const asked = agent.requests.length;
    const terminated = await start();
    await agent.waitForRequests(asked + 1);
    await resetWorkflow(temporal, `rerun-batch-${terminated}`);
    await expect
      .poll(async () => (await segmentsIn(environment.HOLDFAST_DATA_DIR)).length)
      .toBeGreaterThan(0);
    const { runId } = await handleOf(terminated).describe();
    await handleOf(terminated).terminate();

    await expect
      .poll(() => eventsIn(environment.HOLDFAST_DATA_DIR), { timeout: 40_000 })
      .toMatchObject([
        {
          type: 'batch.ended',
          batchId: completed,
          status: 'completed',
          progress: { total: 2, done: 2, failedAgain: 2, nowSucceeded: 0, skipped: 0 },
        },
        { type: 'batch.ended', batchId: terminated, runId, status: 'cancelled' },
      ]);
    expect(JSON.stringify(await eventsIn(environment.HOLDFAST_DATA_DIR))).not.toContain('secret');
  }, 120_000);

  it('has each change of the status of an agent once, through takeovers, continue-as-new and a reset of the entity', async () => {
    const server = await startTemporalServer(['limit.historyCount.suggestContinueAsNew=20']);
    const environment = await place({ ...margin, TEMPORAL_ADDRESS: server.address });
    const client = await clientOf(server.address);
    const temporal: Temporal = { client, namespace: client.options.namespace, taskQueue: 'holdfast' };
    const node = await startNodeProcess(environment);
    const { HOLDFAST_DATA_DIR: dataDir } = await place();
    let isUp = true;
    const agent = await agentOf(() => (isUp ? { body: { content: 'yes' } } : { reset: true }));
    await node.http.register('flaky', agent.port, { max_retries: 0 });
    const changes = async () => (await changesIn(dataDir)).map(({ from, to }) => `${from} > ${to}`);
    const ask = async (up: boolean) => {
      isUp = up;
      const before = (await changesIn(dataDir)).length;
      await node.http.call({ agent_name: 'flaky', prompt: 'x' });
      await expect.poll(async () => (await changes()).length).toBe(before + 1);
    };
    let reader = startReader(temporal, dataDir);
    await delay(1_000);
    await ask(false);
    await ask(true);
    const { firstRunId } = await runOf(client);

    const position = reader.place();
    await reader.stop();
    reader = startReader(temporal, dataDir, position);
    await ask(false);
    await reader.stop();
    reader = startReader(temporal, dataDir); // The log alone says where it goes on.
    for (let round = 0; round < 3; round++) for (const up of [true, false]) await ask(up);
    const first = await changesIn(dataDir);
    expect(first.map(({ sequence }) => sequence)).toEqual(first.map((_, index) => index + 1));
    expect(new Set(first.map(({ series }) => series))).toEqual(new Set([firstRunId]));
    expect((await runOf(client)).runId).not.toBe(firstRunId);
    expect((await changes()).slice(0, 3)).toEqual([
      'healthy > unreachable',
      'unreachable > degraded',
      'degraded > unreachable',
    ]);

    await client.workflow.getHandle(agentHealthId).terminate();
    await new Health(temporal, { enabled: true, cooldownMs: 1_000 }).ensure();
    await ask(false);
    const [again] = (await changesIn(dataDir)).slice(-1);
    expect(again).toMatchObject({ agent: 'flaky', from: 'healthy', to: 'unreachable', sequence: 1 });
    expect(again?.series).not.toBe(firstRunId);

    // A failure becomes too old to count in a few seconds.
    const at = Date.now() - 15 * 60_000 + 3_000;
    const outcomes = [
      { callId: 'a', agent: 'aged', at, errorType: 'timeout' as const },
      { callId: 'b', agent: 'aged', at: Date.now() },
    ];
    await client.workflow.getHandle(agentHealthId).signal(reportOutcomesSignal, { batchId: 'own', outcomes });
    const aged = async () =>
      (await changesIn(dataDir)).flatMap((one) => (one.agent === 'aged' ? [`${one.from} > ${one.to}`] : []));
    await expect.poll(aged).toEqual(['healthy > degraded', 'degraded > healthy']);
  }, 180_000);
});

async function runOf(client: Client): Promise<{ runId: string; firstRunId: string }> {
  const { runId, raw } = await client.workflow.getHandle(agentHealthId).describe();
  return { runId, firstRunId: raw.workflowExecutionInfo?.firstRunId ?? '' };
}
