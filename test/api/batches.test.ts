/** Batches of reruns: each matching call once, with a report that adds up. */
import proto from '@temporalio/proto';
import { createParser } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';
import { batchEnd, batchSummary } from '../../src/contract/reruns.ts';
import type { Json } from '../rig/http-client.ts';
import { endedBatch, failedCalls, fast, promptOf, startBatch } from './batch-support.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { echo, gated } from './scripts.ts';
import { useNode, type NodeInUse } from './use-node.ts';

const { PendingActivityState } = proto.temporal.api.enums.v1;
describe('a batch of reruns', () => {
  const node = useNode();

  it('reports for each of fifty calls whether it succeeded now, failed again or was skipped, and why', async () => {
    const ids = await failedCalls(node, 'mixed', 48);
    const inSession = await failedCalls(node, 'mixed-gone', 2, { session_id: 'gone' });
    await node.http.delete('/api/vps/sessions/gone');
    const agent = await node.agent('mixed', (request) =>
      / [0-3]$/.test(promptOf(request)) ? { status: 400 } : echo(request),
    );
    const rerun = await node.http.post(`/api/vps/calls/${ids[10]}/rerun`);
    await endedCall(node.http, rerun.headers.get('Location') ?? '');
    await expect
      .poll(
        async () =>
          ((await node.http.get('/api/vps/calls?agent=mixed&status=completed')).body.calls as Json[]).length,
      )
      .toBe(1);
    const asked = agent.requests.length;

    const dry = await node.http.post('/api/vps/reruns', { filter: { agent: 'mixed' }, dry_run: true });
    const mixed = await endedBatch(node.http, await startBatch(node.http, { filter: { agent: 'mixed' } }));
    const gone = await endedBatch(
      node.http,
      await startBatch(node.http, { filter: { agent: 'mixed-gone' } }),
    );

    expect(dry).toMatchObject({ status: 200, body: { dry_run: true, total: 47, skipped: 1 } });
    expect(dry.body.sample).toHaveLength(20);
    expect(mixed).toMatchObject({
      status: 'completed',
      total: 48,
      done: 48,
      now_succeeded: 43,
      failed_again: 4,
      skipped: 1,
    });
    expect(mixed.items.map(({ call_id }) => call_id).sort()).toEqual([...ids].sort());
    expect(mixed.items.find(({ call_id }) => call_id === ids[10])).toMatchObject({
      outcome: 'skipped',
      rerun_id: null,
      reason: `Its rerun ${String(rerun.body.call_id)} has answered`,
    });
    expect(mixed.items.find(({ call_id }) => call_id === ids[2])).toMatchObject({
      outcome: 'failed',
      error_type: 'invalid_request',
    });
    expect(agent.requests.length - asked).toBe(47);
    expect(gone).toMatchObject({ total: 2, skipped: 2 });
    expect(gone.items.map(({ call_id }) => call_id).sort()).toEqual([...inSession].sort());
    expect(gone.items[0]?.reason).toBe("Its session 'gone' was deleted");
  });

  it('reruns only the newest rerun of a call whose reruns failed, too', async () => {
    const [first] = await failedCalls(node, 'line', 1);
    const rerun = await node.http.post(`/api/vps/calls/${first}/rerun`);
    await endedCall(node.http, rerun.headers.get('Location') ?? '');
    const listed = async () =>
      ((await node.http.get('/api/vps/calls?agent=line&status=failed')).body.calls as Json[]).length;
    await expect.poll(listed).toBe(2);
    const agent = await node.agent('line', echo);

    const batch = await endedBatch(node.http, await startBatch(node.http, { filter: { agent: 'line' } }));

    expect(batch).toMatchObject({ total: 2, now_succeeded: 1, skipped: 1 });
    expect(agent.requests).toHaveLength(1);
  });

  it('skips calls whose agent is no longer registered, unless the request names another', async () => {
    await failedCalls(node, 'removed', 2);
    const helper = await node.agent('helper', echo);
    await node.http.delete('/api/vps/agents/removed');

    const without = await endedBatch(
      node.http,
      await startBatch(node.http, { filter: { agent: 'removed' } }),
    );
    const overrides = { agent_name: 'helper', prompt: 'another prompt' };
    const path = await startBatch(node.http, { filter: { agent: 'removed' }, overrides });
    const withOther = await endedBatch(node.http, path);

    expect(without).toMatchObject({ skipped: 2, now_succeeded: 0 });
    expect(without.items[0]?.reason).toBe("Agent 'removed' not registered");
    expect(withOther).toMatchObject({
      now_succeeded: 2,
      overrides: { agent_name: 'helper', own_prompt: true, from: null },
    });
    expect(helper.requests.map(promptOf)).toEqual(['another prompt', 'another prompt']);
  });

  it('starts no more calls once it is cancelled, waits for those in flight, and then ends its events', async () => {
    await failedCalls(node, 'stopped', 6);
    const gate = gated('in the end');
    const agent = await node.agent('stopped', gate.script);
    const path = await startBatch(node.http, { filter: { agent: 'stopped' }, max_in_flight: 2 });
    await agent.waitForRequests(2);
    const events = follow(`${node.http.nextUrl()}${path}/events`);

    const cancelled = await node.http.post(`${path}/cancel`);
    expect(cancelled).toMatchObject({ status: 202, body: { status: 'running' } });
    await expect.poll(beatsSinceCancel(node, path)).toBe(3);
    gate.open();
    const batch = await endedBatch(node.http, path);

    expect(batch).toMatchObject({ status: 'cancelled', total: 6, done: 2, now_succeeded: 2 });
    expect(batch.items.filter(({ outcome }) => outcome === 'pending')).toHaveLength(4);
    expect(agent.requests).toHaveLength(2);
    const all = await events;
    expect(all.at(0)).toMatchObject({ event: 'progress', data: { status: 'running' } });
    expect(all.slice(-2)).toMatchObject([
      { event: 'progress', data: { status: 'cancelled', now_succeeded: 2 } },
      { event: 'end' },
    ]);
    const contract = all.map(({ event, data }) => (event === 'end' ? batchEnd : batchSummary).parse(data));
    expect(contract).toEqual(all.map(({ data }) => data));
    expect((await node.http.post(`${path}/cancel`)).body).toMatchObject({ status: 'cancelled' });
  });

  it('is started once per Idempotency-Key, is listed, and names the invalid field when it is refused', async () => {
    await failedCalls(node, 'keyed', 1);
    const agent = await node.agent('keyed', echo);
    const body = { ...fast, filter: { agent: 'keyed' } };
    const post = (more: Json) =>
      node.http.post('/api/vps/reruns', { ...body, ...more }, { 'Idempotency-Key': 'batch' });

    const [one, two] = await Promise.all([post({}), post({})]);
    const path = one.headers.get('Location') ?? '';
    await endedBatch(node.http, path);

    expect(two.body).toEqual(one.body);
    expect(agent.requests).toHaveLength(1);
    expectProblem(await post({ max_in_flight: 3 }), 422, 'idempotency_mismatch');
    const listed = async () =>
      ((await node.http.get('/api/vps/reruns')).body.batches as Json[]).find(
        ({ batch_id }) => batch_id === one.body.batch_id,
      );
    await expect
      .poll(listed)
      .toMatchObject({ status: 'completed', now_succeeded: 1, filter: { agent: 'keyed', status: 'failed' } });
    expectProblem(await node.http.get('/api/vps/reruns/nothing'), 404, 'batch_not_found');
    expectProblem(await node.http.get('/api/vps/reruns/nothing/events'), 404, 'batch_not_found');
    expectProblem(
      await node.http.post('/api/vps/reruns', { filter: { status: 'completed' } }),
      422,
      'validation_failed',
    );
    expectProblem(await node.http.post('/api/vps/reruns', {}), 422, 'validation_failed');
  });
});

describe('a batch of more calls than a node accepts at once', () => {
  const node = useNode({ HOLDFAST_MAX_CALLS_IN_FLIGHT: '2', HOLDFAST_MAX_BATCH_CALLS: '4' });

  it('retries calls that are refused as overloaded, and takes the newest calls up to its limit', async () => {
    await node.agent('narrow', () => ({ status: 401 }));
    for (let i = 0; i < 5; i++) await node.http.call({ agent_name: 'narrow', prompt: `${i}` });
    const failed = async () => (await node.http.get('/api/vps/calls/counts')).body.failed;
    await expect.poll(failed).toBe(5);
    const dry = await node.http.post('/api/vps/reruns', { filter: {}, dry_run: true });
    expect(dry.body).toMatchObject({ total: 4 });
    const agent = await node.agent('narrow', async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return echo(request);
    });

    const batch = await endedBatch(node.http, await startBatch(node.http, { filter: {} }));

    expect(batch).toMatchObject({ status: 'completed', total: 4, now_succeeded: 4 });
    expect(agent.requests.map(promptOf).sort()).toEqual(['1', '2', '3', '4']);
  });
});

/** How often the page's activity has beaten since Temporal wants it to stop: the answer to a beat tells it. */
function beatsSinceCancel(node: NodeInUse, path: string): () => Promise<number> {
  const handle = node.temporal.workflow.getHandle(`rerun-batch-${path.split('/').at(-1) ?? ''}`);
  const beats = new Set<string>();
  return async () => {
    const { raw } = await handle.describe();
    const [page] = raw.pendingActivities ?? [];
    const wanted = page?.state === PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED;
    if (wanted) beats.add(JSON.stringify(page.lastHeartbeatTime));
    return beats.size;
  };
}

/** All events of a stream, until it ends. */
async function follow(url: string): Promise<{ event: string | undefined; data: Json }[]> {
  const events: { event: string | undefined; data: Json }[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => events.push({ event, data: JSON.parse(data) as Json }),
  });
  const response = await fetch(url);
  for await (const chunk of response.body ?? []) parser.feed(Buffer.from(chunk).toString());
  return events;
}
