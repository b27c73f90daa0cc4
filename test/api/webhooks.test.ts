/** Webhooks of a real node, at a real receiver. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { onCluster } from '../on-cluster/start-facades.ts';
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';
import { Receiver, verify } from '../rig/receiver.ts';
import { endedBatch, failedCalls, startBatch } from './batch-support.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { echo } from './scripts.ts';
import { useNode } from './use-node.ts';

const bootstrap = 'bootstrap-key-of-the-test-0123456789';
const node = useNode({ HOLDFAST_API_KEYS: bootstrap, HOLDFAST_ENDINGS_MARGIN_SECONDS: '5' });
const calls = ['call.completed', 'call.failed', 'call.cancelled'];
const patiently = { timeout: 30_000 };

let receiver: Receiver;
beforeAll(async () => {
  await node.agent('echo', echo);
  await node.agent('broken', () => ({ status: 401 }));
});
beforeEach(async () => {
  receiver = new Receiver();
  await receiver.start();
});
afterEach(async () => {
  const { body } = await node.http.get('/api/vps/webhooks');
  for (const { id } of body.webhooks as Json[]) await node.http.delete(`/api/vps/webhooks/${String(id)}`);
  await receiver.kill();
});

async function create(more: Json = {}, http = node.http): Promise<Json & { id: string; secret: string }> {
  const { status, body } = await http.post('/api/vps/webhooks', {
    name: 'test',
    url: receiver.url,
    events: calls,
    ...more,
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return body as Json & { id: string; secret: string };
}

const callOf = async (more: Json = {}, http = node.http): Promise<string> =>
  String((await http.call({ agent_name: 'echo', prompt: 'hello', ...more })).body.call_id);
const path = (id: string, rest = ''): string => `/api/vps/webhooks/${id}${rest}`;
const deliveriesOf = async (id: string): Promise<Json[]> =>
  (await node.http.get(path(id, '/deliveries'))).body.deliveries as Json[];

it('a webhook by mail is refused where no mail server is set, and so is a callback by mail', async () => {
  const wish = { name: 'x', url: 'mailto:oncall@example.com', events: calls };
  const answer = await node.http.post('/api/vps/webhooks', wish);
  expectProblem(answer, 422, 'webhook_address_refused');
  expect(answer.body.detail).toMatch(/set HOLDFAST_SMTP_URL and HOLDFAST_SMTP_FROM on all nodes/);
  const callback = await node.http.call({ agent_name: 'echo', prompt: 'x', callback_url: wish.url });
  expectProblem(callback, 422, 'webhook_address_refused');
});

describe('a webhook', () => {
  it('gets how each call ended, signed, and without content unless it asks for it', async () => {
    const { secret, ...created } = await create();
    expect(created).toMatchObject({ status: 'active', include_content: false, ordered: false, agents: null });
    expect(created['url']).not.toContain('in-the-url');
    const completed = await callOf({ session_id: 's-1', user_id: 'ann', metadata: { deal: 7 } });
    const failed = await callOf({ agent_name: 'broken' });
    await expect.poll(() => receiver.received.length, patiently).toBe(2);
    const [one] = receiver.about(completed);
    expect(one).toMatchObject({
      type: 'call.completed',
      data: {
        call_id: completed,
        status: 'completed',
        agent_name: 'echo',
        answered_by: 'echo',
        error_type: null,
        session_id: 's-1',
        user_id: 'ann',
        metadata: { deal: 7 },
        attempts: [{ agent: 'echo', error_type: null, tries: 1 }],
        url: `/api/vps/calls/${completed}`,
      },
    });
    expect(receiver.about(failed)[0]).toMatchObject({
      type: 'call.failed',
      data: { status: 'failed', answered_by: null, error_type: 'auth' },
    });
    for (const received of receiver.received) {
      verify(received, secret);
      expect(received.text).not.toContain('hello');
      expect(received.data).not.toHaveProperty('response');
      expect(received.headers['content-type']).toBe('application/json');
    }
    expect(() => one && verify(one, `whsec_${Buffer.alloc(32).toString('base64')}`)).toThrow(/signature/i);
  });

  it('gets content by choice, and what is too large by link', async () => {
    const { secret } = await create({ include_content: true });
    const small = await callOf();
    const large = await callOf({ prompt: 'x'.repeat(300_000) });
    await expect.poll(() => receiver.received.length, patiently).toBe(2);
    expect(receiver.about(small)[0]?.data).toMatchObject({
      prompt: 'hello',
      response: 're: hello',
      omitted: [],
    });
    const [received] = receiver.about(large);
    expect(received?.data).toMatchObject({ prompt: null, response: null, omitted: ['prompt', 'response'] });
    if (received) verify(received, secret);
    expect((await node.http.get(String(received?.data['url']))).body.response).toHaveLength(300_004);
  });

  it('gets only what its filter lets pass', async () => {
    await create({
      events: ['call.completed'],
      session_prefix: 'crm-',
      user_id: 'ann',
      metadata: { tier: 'gold' },
    });
    const wanted = { session_id: 'crm-1', user_id: 'ann', metadata: { tier: 'gold', other: true } };
    await callOf({ ...wanted, agent_name: 'broken' });
    await callOf({ ...wanted, session_id: 'shop-1' });
    await callOf({ ...wanted, user_id: 'bob' });
    await callOf({ ...wanted, metadata: { tier: 'silver' } });
    const matching = await callOf(wanted);
    await expect.poll(() => receiver.received.length, patiently).toBe(1);
    expect(receiver.received[0]?.data['call_id']).toBe(matching);
    const listed = async () => ((await node.http.get('/api/vps/webhooks')).body.webhooks as Json[])[0];
    await expect
      .poll(listed, patiently)
      .toMatchObject({ delivered: 1, waiting: 0, parked: 0, status: 'active' });
  });

  it('is sent a failed event again, with the same id and body', async () => {
    const { id } = await create();
    let tries = 0;
    receiver.answer = () => (++tries === 1 ? 500 : 204);
    await callOf();
    await expect.poll(() => receiver.received.length, patiently).toBe(2);
    const [first, second] = receiver.received;
    expect(second).toMatchObject({ id: first?.id, text: first?.text });
    await expect.poll(async () => (await deliveriesOf(id)).length, patiently).toBe(2);
    expect(await deliveriesOf(id)).toMatchObject([
      { event_id: first?.id, outcome: 'delivered', tries: 2, status: 204, error: null },
      { event_id: first?.id, outcome: 'failed', tries: 1, status: 500, error: 'HTTP 500' },
    ]);
  });

  it('ends when its receiver answers 410, and goes on once it is switched on again', async () => {
    const { id } = await create();
    receiver.answer = () => 410;
    const first = await callOf();
    await expect.poll(async () => (await node.http.get(path(id))).body.status, patiently).toBe('gone');
    const second = await callOf(); // It is kept.
    expectProblem(
      await node.http.post(path(id, '/redeliver'), {
        from: new Date(0).toISOString(),
        to: new Date().toISOString(),
      }),
      409,
      'webhook_disabled',
    );
    receiver.answer = () => 204;
    expect((await node.http.patch(path(id), { enabled: true })).body.disabled_at).toBeNull();
    const third = await callOf();
    await expect.poll(() => receiver.taken().length, patiently).toBe(3);
    expect(
      receiver
        .taken()
        .map(({ data }) => data['call_id'])
        .sort(),
    ).toEqual([first, second, third].sort());
  });

  it('signs with both secrets for a while after a rotation', async () => {
    const { id, secret: old } = await create();
    const rotated = await node.http.post(path(id, '/rotate'), { overlap_seconds: 60 });
    expect(rotated.body.earlier_secret_until).not.toBeNull();
    await callOf();
    await expect.poll(() => receiver.received.length, patiently).toBe(1);
    const [received] = receiver.received;
    if (!received) throw new Error('Nothing came');
    verify(received, old);
    verify(received, String(rotated.body.secret));
    const last = await node.http.post(path(id, '/rotate'), { overlap_seconds: 0 });
    await node.http.post(path(id, '/test'));
    const test = receiver.received.at(-1);
    if (test?.type !== 'webhook.test') throw new Error('No test event came');
    verify(test, String(last.body.secret));
    expect(() => verify(test, old)).toThrow();
    expect(() => verify(test, String(rotated.body.secret))).toThrow();
  });

  it('is tested by a button, and says what the receiver answered', async () => {
    const { id } = await create();
    receiver.answer = () => 302;
    expect((await node.http.post(path(id, '/test'))).body).toMatchObject({
      delivered: false,
      status: 302,
      error: 'HTTP 302: redirects are not followed',
    });
    await receiver.kill();
    expect((await node.http.post(path(id, '/test'))).body).toMatchObject({ delivered: false, status: null });
  });

  it('is sent one event again, or all of a time, when somebody asks for it', async () => {
    const { id } = await create();
    const from = new Date().toISOString();
    const [first, second] = [await callOf(), await callOf()];
    await expect.poll(async () => (await deliveriesOf(id)).length, patiently).toBe(2);
    const event = (await deliveriesOf(id)).find(({ about }) => about === first);
    expect((await node.http.post(path(id, `/deliveries/${String(event?.event_id)}/redeliver`))).status).toBe(
      202,
    );
    await expect.poll(() => receiver.about(first).length, patiently).toBe(2);
    const range = { from, to: new Date(Date.now() + 60_000).toISOString(), only: 'all' };
    expect((await node.http.post(path(id, '/redeliver'), range)).status).toBe(202);
    await expect.poll(() => receiver.received.length, patiently).toBe(5);
    expect(receiver.about(second)).toHaveLength(2);
    expect(new Set(receiver.about(first).map((one) => `${one.id} ${one.text}`)).size).toBe(1);
    const unknown = await node.http.post(path(id, '/deliveries/evt_0123/redeliver'));
    expectProblem(unknown, 404, 'event_not_found');
  });

  it('is told of batches and of agents that change their state', async () => {
    await create({ events: ['batch.ended', 'agent.state_changed'] });
    await failedCalls(node, 'flaky', 3);
    const batch = await endedBatch(node.http, await startBatch(node.http, { filter: { agent: 'flaky' } }));
    const ofBatch = () => receiver.taken('batch.ended')[0]?.data;
    await expect.poll(ofBatch, patiently).toMatchObject({
      batch_id: batch.batch_id,
      status: 'completed',
      total: 3,
      failed_again: 3,
    });
    const states = () =>
      receiver.taken('agent.state_changed').filter(({ data }) => data['agent_name'] === 'flaky');
    await expect.poll(() => states()[0]?.data, patiently).toMatchObject({ from: 'healthy', to: 'unhealthy' });
  });

  it('leaves nothing behind when it is removed', async () => {
    const { id } = await create();
    await callOf();
    await expect.poll(() => receiver.received.length, patiently).toBe(1);
    expect((await node.http.delete(path(id))).status).toBe(204);
    for (const answer of [await node.http.get(path(id)), await node.http.delete(path(id))])
      expectProblem(answer, 404, 'webhook_not_found');
    await callOf();
    const handle = node.temporal.workflow.getHandle(`webhook-${id}`);
    await expect.poll(async () => (await handle.describe()).status.name, patiently).toBe('COMPLETED');
    expect(receiver.received).toHaveLength(1);
  });
});

describe('requests about webhooks', () => {
  it.each([
    [{ url: 'ftp://example.com' }],
    [{ url: 'http://10.0.0.1/hook' }],
    [{ url: 'http://169.254.169.254/' }],
    [{ url: 'http://user:pass@example.com/' }],
  ])('with %j are refused', async (more) => {
    const answer = await node.http.post('/api/vps/webhooks', { name: 'test', events: calls, ...more });
    expectProblem(answer, 422, 'webhook_address_refused');
    expect((await node.http.get('/api/vps/webhooks')).body).toMatchObject({ total: 0, webhooks: [] });
  });

  it.skipIf(onCluster)('about the ports of the node itself are refused', async () => {
    const own = await node.http.post('/api/vps/webhooks', { name: 'x', url: node.http.url, events: calls });
    expectProblem(own, 422, 'webhook_address_refused');
  });

  it.each([
    [{ events: [] }, 'events'],
    [{ events: ['call.ended'] }, 'events.0'],
    [{ name: '' }, 'name'],
    [{ metadata: { a: { b: 1 } } }, 'metadata.a'],
    [{ other: 1 }, 'other'],
  ])('with %j name the field', async (more, field) => {
    const answer = await node.http.post('/api/vps/webhooks', {
      name: 'test',
      url: receiver.url,
      events: calls,
      ...more,
    });
    expectInvalid(answer, field);
  });

  it('change what they name, and take a filter away with null', async () => {
    const { id } = await create({ agents: ['echo'], user_id: 'ann' });
    const changed = await node.http.patch(path(id), { name: 'CRM', agents: null, ordered: true });
    expect(changed.body).toMatchObject({
      name: 'CRM',
      agents: null,
      user_id: 'ann',
      ordered: true,
      events: calls,
    });
    expect((await node.http.patch(path(id), { enabled: false })).body).toMatchObject({ status: 'disabled' });
    expectProblem(
      await node.http.patch(path(id), { url: 'http://10.0.0.1/' }),
      422,
      'webhook_address_refused',
    );
  });

  it('are about one project: the webhooks and calls of others do not exist', async () => {
    for (const name of ['crm', 'shop']) await node.http.post('/api/vps/projects', { name });
    const keyOf = async (project: string, scopes = ['call', 'read', 'operate']): Promise<HttpClient> => {
      const { body } = await node.http.post('/api/vps/keys', { name: project, project, scopes });
      return new HttpClient(node.http.url, String(body.key));
    };
    const [crm, shop, reader] = [await keyOf('crm'), await keyOf('shop'), await keyOf('crm', ['read'])];
    const { id, project } = await create({}, crm);
    expect(project).toBe('crm');
    const refused: HttpAnswer[] = [
      await shop.get(path(id)),
      await shop.delete(path(id)),
      await shop.post(path(id, '/test')),
      await shop.get(path(id, '/deliveries')),
      await node.http.get(path(id)),
    ];
    for (const answer of refused) expectProblem(answer, 404, 'webhook_not_found');
    expect((await shop.get('/api/vps/webhooks')).body.total).toBe(0);
    expect((await reader.get('/api/vps/webhooks')).body.total).toBe(1);
    expectProblem(await reader.delete(path(id)), 403, 'scope_missing');
    await callOf({}, shop);
    const own = await callOf({}, crm);
    await expect.poll(() => receiver.received.length, patiently).toBe(1);
    expect(receiver.received[0]?.data['call_id']).toBe(own);
    const [one, other] = [
      await crm.get('/api/vps/webhooks/callback-secret'),
      await shop.get('/api/vps/webhooks/callback-secret'),
    ];
    expect(one.body.secret).not.toBe(other.body.secret);
    expect((await crm.delete(path(id))).status).toBe(204);
  });
});

describe('the callback_url of a call', () => {
  it('gets how the call ended, once, signed, and is readable nowhere', async () => {
    const { body } = await node.http.get('/api/vps/webhooks/callback-secret');
    receiver.answer = () => (receiver.received.length === 0 ? 503 : 204);
    const callId = await callOf({ callback_url: receiver.url });
    await expect.poll(() => receiver.received.length, patiently).toBe(2);
    const [failed, taken] = receiver.received;
    expect(taken).toMatchObject({ id: failed?.id, type: 'call.completed', data: { response: 're: hello' } });
    if (taken) verify(taken, String(body.secret));
    const described = async () => (await node.http.get(`/api/vps/calls/${callId}`)).body;
    await expect.poll(async () => (await described()).callback, patiently).toBe('delivered');
    const history = JSON.stringify((await node.http.get(`/api/vps/calls/${callId}/history`)).body);
    const encoded = Buffer.from('in-the-url').toString('base64').slice(0, 10);
    for (const secret of ['in-the-url', encoded]) {
      expect(history).not.toContain(secret);
      expect(JSON.stringify(await described())).not.toContain(secret);
    }
    expect((await node.http.post(`/api/vps/calls/${callId}/callback`)).status).toBe(202);
    await expect.poll(() => receiver.received.length, patiently).toBe(3);
  });

  it('is told of a rerun, too', async () => {
    const callId = await callOf({ agent_name: 'broken', callback_url: receiver.url });
    await expect.poll(() => receiver.taken('call.failed').length, patiently).toBe(1);
    await node.http.post(`/api/vps/calls/${callId}/rerun`, { agent_name: 'echo' });
    await expect.poll(() => receiver.taken('call.completed').length, patiently).toBe(1);
    expect(receiver.taken('call.completed')[0]?.data).toMatchObject({ rerun_of: callId });
  });

  it('is checked before the call is accepted', async () => {
    const call = { agent_name: 'echo', prompt: 'x', callback_url: 'http://192.168.0.1/' };
    expectProblem(await node.http.call(call), 422, 'webhook_address_refused');
    const none = await callOf();
    expect((await node.http.get(`/api/vps/calls/${none}`)).body.callback).toBeNull();
    expectProblem(await node.http.post(`/api/vps/calls/${none}/callback`), 404, 'event_not_found');
  });
});
