/** A call and its reruns are a family: a batch asks the family, not a list, before it runs one of it again. */
import { createHash } from 'node:crypto';
import { TypedSearchAttributes } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { rerunIdOf } from '../../src/domain/hashed-ids.ts';
import { searchAttributes } from '../../src/workflows/search-attributes.ts';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { inputOf } from '../rig/call-input.ts';
import { endedBatch, failedCalls, promptOf, startBatch } from './batch-support.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { echo, gated } from './scripts.ts';
import { useNode } from './use-node.ts';

const digestOf = (parts: unknown): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
/** What an Idempotency-Key makes an id of where there are no API keys. */
const idOfKey = (key: string): string => digestOf(['local', key]);

describe('a family of reruns', () => {
  const node = useNode();
  const rerun = (id: unknown, body?: Json, key?: string): Promise<HttpAnswer> =>
    node.http.post(
      `/api/vps/calls/${String(id)}/rerun`,
      body,
      key === undefined ? {} : { 'Idempotency-Key': key },
    );
  const ended = ({ headers }: HttpAnswer) => endedCall(node.http, headers.get('Location') ?? '');
  const batchOf = async (agent: string, more: Json = {}) =>
    endedBatch(node.http, await startBatch(node.http, { filter: { agent }, ...more }));
  const dryRunOf = async (agent: string) =>
    (await node.http.post('/api/vps/reruns', { filter: { agent }, dry_run: true })).body;
  const listed = (agent: string) => async () =>
    ((await node.http.get(`/api/vps/calls?agent=${agent}&status=failed`)).body.calls as Json[]).length;
  /** One failed call and, failed too, its first rerun; both are in lists. */
  async function twoFailed(agent: string, more: Json = {}): Promise<[string, string]> {
    const [call = ''] = await failedCalls(node, agent, 1, more);
    const again = await rerun(call);
    expect(await ended(again)).toMatchObject({ status: 'failed' });
    await expect.poll(listed(agent)).toBe(2);
    return [call, String(again.body.call_id)];
  }
  /** A rerun that no request of today makes: at this id, with this memo, by the chain of that call. */
  async function startRerun(id: string, of: string, like: string, memo: Json): Promise<void> {
    await node.temporal.workflow.start('agentCall', {
      workflowId: `call-${id}`,
      taskQueue: 'holdfast',
      args: [{ ...(await inputOf(node.temporal, like)), callId: id, rerunOf: of }],
      memo,
      typedSearchAttributes: new TypedSearchAttributes([{ key: searchAttributes.rerunOf, value: of }]),
    });
  }

  it('of three generations needs no rerun once any of them was answered, even just before the batch', async () => {
    const [call, first] = await twoFailed('generations');
    const agent = await node.agent('generations', echo);
    const second = await rerun(call);
    expect(await ended(second)).toMatchObject({ status: 'completed' });

    const batch = await batchOf('generations');

    expect(batch).toMatchObject({ total: 2, skipped: 2, now_succeeded: 0 });
    const answered = String(second.body.call_id);
    expect(batch.items.find(({ call_id }) => call_id === first)?.reason).toBe(
      `Another rerun of the same call, ${answered}, has answered`,
    );
    expect(batch.items.find(({ call_id }) => call_id === call)?.reason).toBe(
      `Its rerun ${first} is in this batch`,
    );
    expect(await dryRunOf('generations')).toMatchObject({ total: 0, skipped: 2, sample: [] });
    expect(agent.requests).toHaveLength(1);
    // An explicit wish is another matter.
    expect(await ended(await rerun(call))).toMatchObject({ status: 'completed' });
    expect(agent.requests).toHaveLength(2);
  });

  it('has its newest failed member in a batch, and the dry run predicts what the batch does', async () => {
    const [call, first] = await twoFailed('newest');
    const others = await failedCalls(node, 'newest-others', 2);
    expect(others).toHaveLength(2);
    const agent = await node.agent('newest', echo);

    const dry = await dryRunOf('newest');
    const batch = await batchOf('newest');

    expect(dry).toMatchObject({ total: 1, skipped: 1, sample: [{ call_id: first }] });
    expect(batch).toMatchObject({ total: 2, now_succeeded: 1, skipped: 1 });
    const [taken] = batch.items.filter(({ outcome }) => outcome === 'succeeded');
    expect(taken?.call_id).toBe(first);
    expect((await node.http.get(`/api/vps/calls/${String(taken?.rerun_id)}`)).body.rerun_of).toBe(first);
    expect(agent.requests.map(promptOf)).toEqual(['newest 0']);
    expect(call).not.toBe(first);
  });

  it.each([[undefined], ['its key']])(
    'with a member that runs, with the Idempotency-Key %j, blocks the batch',
    async (key) => {
      const name = `blocked-${key === undefined ? 'plain' : 'keyed'}`;
      const [call] = await failedCalls(node, name, 1);
      const gate = gated('at last');
      const agent = await node.agent(name, gate.script);
      const running = await rerun(call, undefined, key);

      const batch = await batchOf(name);
      const dry = await dryRunOf(name);
      gate.open();
      expect(await ended(running)).toMatchObject({ status: 'completed' });
      const late = await batchOf(name);

      const id = String(running.body.call_id);
      expect(batch).toMatchObject({ skipped: 1, items: [{ reason: `Its rerun ${id} runs` }] });
      expect(dry).toMatchObject({ total: 0, skipped: 1 });
      expect(late).toMatchObject({ skipped: 1, items: [{ reason: `Its rerun ${id} has answered` }] });
      expect(agent.requests).toHaveLength(1);
    },
  );

  it('is rerun once if two batches run at the same moment', async () => {
    await failedCalls(node, 'two-batches', 3);
    const gate = gated('once');
    const agent = await node.agent('two-batches', gate.script);
    const start = () => startBatch(node.http, { filter: { agent: 'two-batches' } });

    const paths = await Promise.all([start(), start()]);
    await agent.waitForRequests(3);
    gate.open();
    const batches = await Promise.all(paths.map((path) => endedBatch(node.http, path)));

    expect(batches.map(({ now_succeeded }) => Number(now_succeeded)).reduce((sum, one) => sum + one)).toBe(3);
    expect(batches.map(({ skipped }) => Number(skipped)).reduce((sum, one) => sum + one)).toBe(3);
    expect(agent.requests).toHaveLength(3);
  });

  it('does not contain a rerun with a prompt of its own, which begins another family', async () => {
    const [call] = await failedCalls(node, 'left', 1);
    const agent = await node.agent('left', echo);
    const other = await rerun(call, { prompt: 'something else' });
    expect(await ended(other)).toMatchObject({ response: 're: something else' });
    expect(await ended(await rerun(other.body.call_id))).toMatchObject({ response: 're: something else' });

    const batch = await batchOf('left');

    expect(batch).toMatchObject({ total: 1, now_succeeded: 1 });
    expect(agent.requests.map(promptOf)).toEqual(['something else', 'something else', 'left 0']);
  });

  it('is found beyond the numbers of deleted calls, and no number is used twice', async () => {
    const [call = ''] = await failedCalls(node, 'holes', 1);
    const agent = await node.agent('holes', echo);
    const probe = await rerun(call, { prompt: 'its chain is needed' }, 'probe of holes');
    await ended(probe);
    const third = rerunIdOf(call, 3);
    await startRerun(third, 'deleted', String(probe.body.call_id), { rerun: { root: call, number: 3 } });
    await node.temporal.workflow.getHandle(`call-${third}`).result();

    const batch = await batchOf('holes');
    const next = await rerun(call);

    expect(batch.items).toMatchObject([{ call_id: call, reason: `Its rerun ${third} has answered` }]);
    expect(next.body.call_id).toBe(rerunIdOf(call, 4));
    await ended(next);
    expect(agent.requests).toHaveLength(3);
  });

  it('contains reruns from before there were numbers: a running one blocks the batch', async () => {
    const [call = ''] = await failedCalls(node, 'before', 1);
    const gate = gated('from before');
    const agent = await node.agent('before', gate.script);
    const probe = String((await rerun(call)).body.call_id);
    await startRerun('old-rerun', call, probe, {});
    await node.temporal.workflow.getHandle(`call-${probe}`).terminate();
    const running = `/api/vps/calls?rerun_of=${call}&status=running`;
    await expect
      .poll(async () => (await node.http.get(running)).body.calls)
      .toMatchObject([{ call_id: 'old-rerun' }]);

    const batch = await batchOf('before');
    gate.open();

    expect(batch.items).toMatchObject([{ call_id: call, reason: 'Its rerun old-rerun runs' }]);
    await agent.waitForRequests(2);
  });

  it('contains reruns that a batch started but did not record, with a number or from before there were numbers', async () => {
    const [one = '', two = ''] = await failedCalls(node, 'unrecorded', 2);
    const agent = await node.agent('unrecorded', echo);
    const probe = await rerun(one, { prompt: 'its chain is needed' }, 'probe of unrecorded');
    await ended(probe);
    const batchId = idOfKey('a batch');
    const like = String(probe.body.call_id);
    const numbered = rerunIdOf(one, 1);
    await startRerun(numbered, one, like, { rerun: { root: one, number: 1, batchId } });
    const before = digestOf(['batch', batchId, two]);
    await startRerun(before, two, like, {});
    await agent.waitForRequests(3);

    const body = { filter: { agent: 'unrecorded' } };
    const started = await node.http.post('/api/vps/reruns', body, { 'Idempotency-Key': 'a batch' });
    const batch = await endedBatch(node.http, started.headers.get('Location') ?? '');

    expect(started.body.batch_id).toBe(batchId);
    expect(batch).toMatchObject({ total: 2, now_succeeded: 2 });
    const reruns = Object.fromEntries<unknown>(
      batch.items.map(({ call_id, rerun_id }) => [String(call_id), rerun_id]),
    );
    expect(reruns).toEqual({ [one]: numbered, [two]: before });
    expect(agent.requests).toHaveLength(3);
  });

  it('allows an Idempotency-Key for one rerun only, whatever the family', async () => {
    const [one, two] = await failedCalls(node, 'keys', 2);
    const agent = await node.agent('keys', echo);
    const key = 'a key of the family';

    const first = await rerun(one, undefined, key);
    await ended(first);
    const [again, next] = [await rerun(one, undefined, key), await rerun(one)];
    await ended(next);

    expect(again.body).toMatchObject({ call_id: first.body.call_id, attached: true });
    expect(next.body.call_id).toBe(rerunIdOf(one ?? '', 2));
    expectProblem(await rerun(two, undefined, key), 422, 'idempotency_mismatch');
    expectProblem(await rerun(one, { deadline_seconds: 9 }, key), 422, 'idempotency_mismatch');
    expect(agent.requests).toHaveLength(2);
  });
});
