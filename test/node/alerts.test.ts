/** An alert fires and resolves once because real parts break and recover. Nothing here calls what evaluates it. */
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clusterSettings } from '../rig/cluster-settings.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { samePlace, startNodeProcess, type NodeProcess } from '../rig/node-process.ts';
import { Receiver } from '../rig/receiver.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import {
  activeOf,
  alertReceiver,
  alertsOf,
  aMinute,
  askThrice,
  evaluatorPid,
  journalOf,
  patiently,
  soon,
  taken,
} from './alert-support.ts';
import { agentOf, place } from './kill-support.ts';

describe('an alert', () => {
  it('fires once when an agent cannot be reached, is acknowledged, and resolves once when it is back', async () => {
    const node = await startNodeProcess(await place(soon));
    const receiver = await alertReceiver(node.http);
    let isUp = false;
    const agent = await agentOf(() => (isUp ? { body: { content: 'yes' } } : { reset: true }));
    await node.http.register('flaky', agent.port, { max_retries: 0 });
    await askThrice(node, 'flaky');

    await expect.poll(() => activeOf(node.http), patiently).toEqual(['agent_unreachable flaky']);
    const [alert] = await alertsOf(node.http);
    expect(alert).toMatchObject({
      severity: 'critical',
      project: 'default',
      agent_name: 'flaky',
      resolved_at: null,
      announced: true,
      silenced_until: null,
      acknowledged: null,
      runbook: 'docs/operations.md#agent_unreachable',
    });
    await expect.poll(() => journalOf(receiver, 'agent_unreachable'), patiently).toEqual(['alert.fired']);
    const [fired] = taken(receiver.received, 'agent_unreachable');
    expect(fired?.data).toMatchObject({ id: alert?.['id'], agent_name: 'flaky', resolved_at: null });
    const acknowledged = await node.http.post(`/api/vps/alerts/${String(alert?.['id'])}/acknowledge`, {
      note: 'restarting it',
    });
    expect(acknowledged.body).toMatchObject({ acknowledged: { note: 'restarting it' } });
    expect(await (await fetch(`${node.http.url}/metrics`)).text()).toContain(
      'holdfast_alerts_active{condition="agent_unreachable"} 1',
    );

    isUp = true;
    await node.http.call({ agent_name: 'flaky', prompt: 'x' });
    await expect.poll(() => activeOf(node.http), patiently).toEqual([]);
    await expect
      .poll(() => journalOf(receiver, 'agent_unreachable'), patiently)
      .toEqual(['alert.fired', 'alert.resolved']);
    expect((await alertsOf(node.http, '?state=resolved')).length).toBe(1);
  }, 180_000);

  it('is not announced while it is silenced, and is when its silence ends', async () => {
    const node = await startNodeProcess(await place(soon));
    const receiver = await alertReceiver(node.http);
    let isUp = false;
    const agent = await agentOf(() => (isUp ? { body: { content: 'yes' } } : { reset: true }));
    for (const name of ['planned', 'quiet']) await node.http.register(name, agent.port, { max_retries: 0 });
    const silence = async (body: Json) => (await node.http.post('/api/vps/alerts/silences', body)).body;
    const planned = await silence({ agent: 'planned', for_seconds: 600, reason: 'upgrade' });
    const quiet = await silence({ agent: 'quiet', for_seconds: 60 });
    expect(planned).toMatchObject({ subject: 'planned', condition: null, reason: 'upgrade' });
    await Promise.all([askThrice(node, 'planned'), askThrice(node, 'quiet')]);
    await expect.poll(async () => (await activeOf(node.http)).length, patiently).toBe(2);
    expect(await alertsOf(node.http)).toMatchObject([{ announced: false }, { announced: false }]);
    // It ends by its time: the one after that is announced, the other is not.
    await expect.poll(() => journalOf(receiver, 'agent_unreachable'), aMinute).toEqual(['alert.fired']);
    expect(receiver.received[0]?.data['agent_name']).toBe('quiet');
    expect((await node.http.get('/api/vps/alerts/silences')).body.silences).toMatchObject([
      { id: planned['id'] },
    ]);
    expect((await node.http.get(`/api/vps/alerts/silences/${String(quiet['id'])}`)).status).toBe(404);

    isUp = true;
    await askThrice(node, 'planned');
    await expect.poll(async () => (await activeOf(node.http)).length, patiently).toBe(1);
    isUp = false;
    await askThrice(node, 'planned');
    await expect.poll(async () => (await activeOf(node.http)).length, patiently).toBe(2);
    const path = `/api/vps/alerts/silences/${String(planned['id'])}`;
    expect((await node.http.delete(path)).status).toBe(204);
    expect((await node.http.delete(path)).status).toBe(404);
    await expect
      .poll(
        () => receiver.received.map(({ type, data }) => `${type} ${String(data['agent_name'])}`),
        patiently,
      )
      .toEqual(['alert.fired quiet', 'alert.fired planned']);
  }, 400_000);
});

describe('an alert of a node', () => {
  it('about its disk resolves once the node is gone, and one about parked events once they are sent again', async () => {
    const environment = await place(soon);
    const first = await startNodeProcess(environment);
    const receiver = await alertReceiver(first.http);
    const agent = await agentOf(() => ({ body: { content: 'yes' } }));
    await first.http.register('good', agent.port);
    const deaf = new Receiver();
    deaf.answer = () => 500;
    await deaf.start();
    onTestFinished(() => deaf.kill());
    const created = await first.http.post('/api/vps/webhooks', {
      name: 'deaf',
      url: deaf.url,
      events: ['call.completed'],
    });
    const id = String(created.body.id);
    await first.http.call({ agent_name: 'good', prompt: 'x' });
    await expect.poll(() => deaf.received.length, patiently).toBeGreaterThan(0);
    const state = join(environment.HOLDFAST_DATA_DIR, 'payloads', 'webhooks', id, 'state');
    const waiting = async () =>
      (JSON.parse(await readFile(state, 'utf8').catch(() => '{}')) as { waiting?: Json[] }).waiting ?? [];
    await expect.poll(async () => (await waiting()).length, patiently).toBe(1);
    first.process.kill('SIGKILL');
    await first.process.exited;
    // The event has waited for as long as it may.
    const written = JSON.parse(await readFile(state, 'utf8')) as { waiting: { since: number }[] };
    const longAgo = written.waiting.map((one) => ({ ...one, since: one.since - 80 * 3_600_000, nextAt: 0 }));
    await writeFile(state, JSON.stringify({ ...written, waiting: longAgo }));

    const full = await startNodeProcess({
      ...samePlace(environment, first),
      HOLDFAST_DISK_RESERVE_MIB: '1073741824', // 1 PiB
    });
    const both = [`disk_low ${hostname()}`, `webhook_parked ${id}`];
    await expect.poll(async () => (await activeOf(full.http)).sort(), aMinute).toEqual(both);
    full.process.kill('SIGKILL');
    await full.process.exited;
    const roomy = await startNodeProcess(samePlace(environment, first));
    await expect.poll(() => activeOf(roomy.http), aMinute).toEqual([both[1]]);
    deaf.answer = () => 204;
    const from = new Date(Date.now() - 3_600_000).toISOString();
    const redelivered = await roomy.http.post(`/api/vps/webhooks/${id}/redeliver`, {
      from,
      to: new Date().toISOString(),
    });
    expect(redelivered.status, JSON.stringify(redelivered.body)).toBe(202);
    await expect.poll(() => activeOf(roomy.http), aMinute).toEqual([]);
    for (const condition of ['disk_low', 'webhook_parked'])
      await expect
        .poll(() => journalOf(receiver, condition), aMinute)
        .toEqual(['alert.fired', 'alert.resolved']);
  }, 400_000);
});

describe('with two nodes', () => {
  it('an alert fires once and resolves once although whoever evaluates it is killed', async () => {
    const server = await startTemporalServer();
    const shared = { ...soon, ...(await clusterSettings()), TEMPORAL_ADDRESS: server.address };
    const start = async () => startNodeProcess(await place({ ...shared, HOLDFAST_ALERT_FOR_SECONDS: '12' }));
    let nodes = [await start(), await start()];
    const http = (): HttpClient => (nodes[0] as NodeProcess).http;
    const connection = await Connection.connect({ address: server.address });
    onTestFinished(() => connection.close());
    const temporal = new Client({ connection });
    const receiver = await alertReceiver(http());
    let isUp = false;
    const agent = await agentOf(() => (isUp ? { body: { content: 'yes' } } : { reset: true }));
    await http().register('flaky', agent.port, { max_retries: 0 });
    await askThrice({ http: http() }, 'flaky');
    // All nodes know of the failures, so that none is lost with the node that is killed.
    const failures = async ({ http: one }: NodeProcess) =>
      (await one.get('/api/vps/health/flaky')).body['consecutive_failures'];
    await expect.poll(() => Promise.all(nodes.map(failures)), patiently).toEqual([3, 3]);
    /** Kills the node that evaluates, starts another one, and waits until one of those that run evaluates. */
    const killEvaluator = async () => {
      const before = await evaluating();
      before.process.kill('SIGKILL');
      await before.process.exited;
      nodes = [...nodes.filter((node) => node !== before), await start()];
      expect(await evaluating()).not.toBe(before);
    };
    const evaluating = async (): Promise<NodeProcess> => {
      let found: NodeProcess | undefined;
      const look = async () => {
        const pid = await evaluatorPid(temporal);
        return (found = nodes.find(({ process }) => process.pid === pid)) !== undefined;
      };
      await expect.poll(look, aMinute).toBe(true);
      return found as unknown as NodeProcess;
    };
    // Before the alert fires, while it is active, and while it resolves.
    await killEvaluator();
    await expect.poll(() => activeOf(http()), aMinute).toEqual(['agent_unreachable flaky']);
    await killEvaluator();
    await expect.poll(() => activeOf(http()), aMinute).toEqual(['agent_unreachable flaky']);
    isUp = true;
    await http().call({ agent_name: 'flaky', prompt: 'x' });
    await expect.poll(() => Promise.all(nodes.map(failures)), patiently).toEqual([0, 0]);
    await killEvaluator();
    await expect.poll(() => activeOf(http()), aMinute).toEqual([]);
    await expect
      .poll(() => journalOf(receiver, 'agent_unreachable'), aMinute)
      .toEqual(['alert.fired', 'alert.resolved']);
    expect((await alertsOf(http(), '?state=resolved')).length).toBe(1);
  }, 400_000);
});
