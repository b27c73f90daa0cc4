/** Repeats of a request by its Idempotency-Key: one call, whenever and however often they come. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { inputOf } from '../rig/call-input.ts';
import { endedCall } from './ended-call.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { echo, gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';
import { onCluster } from '../on-cluster/start-facades.ts';

const locationOf = ({ headers }: HttpAnswer): string => headers.get('Location') ?? '';
const keyed = (key: string) => ({ 'Idempotency-Key': key });

/** A key with what it is hashed to, where everyone is one caller. */
function keyOf(fits: (digest: string) => boolean): { readonly key: string; readonly digest: string } {
  for (let count = 0; ; count++) {
    const key = `dashed ${count}`;
    const hash = createHash('sha256').update(JSON.stringify(['local', key]));
    const digest = hash.digest('base64url').slice(0, 32);
    if (fits(digest)) return { key, digest };
  }
}

describe('a request with an Idempotency-Key', () => {
  const node = useNode();

  it('gets the same call if it is repeated after the end, and no agent is asked again', async () => {
    const agent = await node.agent('once', says('the only answer'));
    const call = () => node.http.call({ agent_name: 'once', prompt: 'hello' }, keyed('ended'));

    const [first, second] = [await call(), await call()];

    expect(second).toMatchObject({
      status: 200,
      body: { call_id: first.body.call_id, response: 'the only answer', attempts: first.body.attempts },
    });
    expect(agent.requests).toHaveLength(1);
  });

  it('makes one call if it is sent ten times at once, and each gets the answer', async () => {
    const gate = gated('shared');
    const agent = await node.agent('ten', gate.script);
    const body = { agent_name: 'ten', prompt: 'hello', session_id: 'ten' };
    const calls = Array.from({ length: 10 }, () => node.http.call(body, keyed('ten')));
    await agent.waitForRequests(1);
    gate.open();

    const answers = await Promise.all(calls);

    expect(new Set(answers.map((one) => one.body.call_id)).size).toBe(1);
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: { response: 'shared' } });
    expect(agent.requests).toHaveLength(1);
    const session = await node.http.get('/api/vps/sessions/ten');
    expect(session.body.messages).toHaveLength(2);
  });

  it('attaches to the running call, and is answered with 202 at the end of its own wait', async () => {
    const gate = gated('at last');
    const agent = await node.agent('running', gate.script);
    const call = (Prefer: string) =>
      node.http.call({ agent_name: 'running', prompt: 'hello' }, { ...keyed('running'), Prefer });
    const first = await call('respond-async');
    await agent.waitForRequests(1);

    const second = await call('wait=0');
    gate.open();
    const third = await call('wait=30');

    expect(second).toMatchObject({ status: 202, body: { call_id: first.body.call_id, status: 'running' } });
    expect(third).toMatchObject({ status: 200, body: { call_id: first.body.call_id, response: 'at last' } });
    expect(agent.requests).toHaveLength(1);
  });

  it('is refused with another body, whichever member differs, and asks no agent', async () => {
    const agent = await node.agent('other', says('first'));
    const body = { agent_name: 'other', prompt: 'hello', user_id: 'u', metadata: { a: [1, 2] } };
    await node.http.call(body, keyed('other body'));
    const others: Json[] = [
      { prompt: 'hello!' },
      { agent_name: 'once' },
      { user_id: 'v' },
      { session_id: 's' },
      { metadata: { a: [2, 1] } },
      { deadline_seconds: 60 },
    ];
    for (const other of others)
      expectProblem(
        await node.http.call({ ...body, ...other }, keyed('other body')),
        422,
        'idempotency_mismatch',
      );
    expect(agent.requests).toHaveLength(1);
    expect((await node.http.get('/api/vps/sessions/s')).status).toBe(404);
    const next = await node.http.call({ agent_name: 'other', prompt: 'next', session_id: 's' });
    expect(next.body.success).toBe(true);
  });

  it('counts as the same with its members in another order, or with null for an absent member', async () => {
    const agent = await node.agent('order', says('first'));
    const [first, second] = [
      await node.http.call(
        { agent_name: 'order', prompt: 'hello', metadata: { a: { x: 1, y: 2 }, b: 3 } },
        keyed('order'),
      ),
      await node.http.call(
        {
          metadata: { b: 3, a: { y: 2, x: 1 } },
          session_id: null,
          user_id: null,
          prompt: 'hello',
          agent_name: 'order',
        },
        keyed('order'),
      ),
    ];
    expect(second).toMatchObject({ status: 200, body: { call_id: first.body.call_id } });
    expect(agent.requests).toHaveLength(1);
  });

  it('makes a call id that no command mistakes for an option, unless an earlier call already has the other form', async () => {
    const agent = await node.agent('dashed', says('once'));
    const body = { agent_name: 'dashed', prompt: 'hello' };
    const fresh = keyOf((digest) => digest.startsWith('-'));
    const before = keyOf((digest) => digest.startsWith('_'));

    const made = await node.http.call(body, keyed(fresh.key));
    // A call of before there was another form, as it was then.
    const { memo } = await node.temporal.workflow.getHandle(`call-${String(made.body.call_id)}`).describe();
    const input = await inputOf(node.temporal, String(made.body.call_id));
    const started = await node.temporal.workflow.start('agentCall', {
      workflowId: `call-${before.digest}`,
      taskQueue: 'holdfast',
      args: [{ ...input, callId: before.digest }],
      memo: { fingerprint: memo?.fingerprint },
    });
    await started.result();
    const repeats = [
      await node.http.call(body, keyed(fresh.key)),
      await node.http.call(body, keyed(before.key)),
    ];

    expect(made.body.call_id).toBe(`x${fresh.digest}`);
    expect(repeats.map((one) => one.body.call_id)).toEqual([made.body.call_id, before.digest]);
    expectProblem(
      await node.http.call({ ...body, prompt: 'another' }, keyed(before.key)),
      422,
      'idempotency_mismatch',
    );
    expect(agent.requests).toHaveLength(2);
  });

  it('makes such an id for a batch of reruns, too, unless an earlier batch already has the other form', async () => {
    const body = { filter: { agent: 'nobody' } };
    const fresh = keyOf((digest) => digest.startsWith('-'));
    const before = keyOf((digest) => digest.startsWith('_'));
    const post = (key: string) => node.http.post('/api/vps/reruns', body, keyed(key));

    const made = String((await post(fresh.key)).body.batch_id);
    const handle = node.temporal.workflow.getHandle(`rerun-batch-${made}`);
    const { memo } = await handle.describe();
    await node.temporal.workflow.start('rerunBatch', {
      workflowId: `rerun-batch-${before.digest}`,
      taskQueue: 'holdfast',
      args: [{ batchId: before.digest, ...body, overrides: {}, ratePerSecond: 1, maxInFlight: 1 }],
      memo: memo ?? {},
    });

    expect(made).toBe(`x${fresh.digest}`);
    expect((await post(before.key)).body.batch_id).toBe(before.digest);
  });

  it('gives back the turn that its repeat acquired, so that the session continues', async () => {
    await node.agent('echo', echo);
    const say = (prompt: string, session_id: string, key = prompt) =>
      node.http.call({ agent_name: 'echo', prompt, session_id }, keyed(`${session_id} ${key}`));
    const first = await say('one', 'goes-on');
    await say('two', 'goes-on');

    const repeat = await say('one', 'goes-on');
    const next = await say('three', 'goes-on');

    expect(repeat.body).toMatchObject({ call_id: first.body.call_id, response: 're: one' });
    expect(next.body).toMatchObject({ success: true, response: 're: three' });
    const { body } = await node.http.get('/api/vps/sessions/goes-on');
    expect((body.messages as Json[]).map((one) => one.content)).toEqual([
      'one',
      're: one',
      'two',
      're: two',
      'three',
      're: three',
    ]);
  });

  it('does not cancel the call when its client disconnects while another client waits, whichever came first', async () => {
    const gate = gated('for the one that waits');
    const [shared, alone] = [await node.agent('shared', gate.script), await node.agent('alone', gate.script)];
    const call = (agent_name: string, signal?: AbortSignal) =>
      fetch(`${node.http.nextUrl()}/api/vps/call`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...keyed(agent_name) },
        body: JSON.stringify({ agent_name, prompt: 'hello', on_disconnect: 'cancel' }),
        ...(signal && { signal }),
      });
    const client = new AbortController();
    const leaving = [call('shared', client.signal), call('alone', client.signal)];
    await Promise.all([shared.waitForRequests(1), alone.waitForRequests(1)]);
    const waiting = call('shared');
    await node.http.get('/healthz');

    client.abort();
    await Promise.allSettled(leaving);
    await alone.waitForAborts(1);

    gate.open();
    expect(await (await waiting).json()).toMatchObject({ success: true, response: 'for the one that waits' });
    expect(shared.aborts).toBe(0);
  });

  it('makes one call if it is sent for two sessions at once, and does not leave the other session behind, empty', async () => {
    await node.agent('torn', echo);
    const pair = async (number: number): Promise<void> => {
      const sessions = [`torn-${number}-a`, `torn-${number}-b`];
      const answers = await Promise.all(
        sessions.map((session_id) =>
          node.http.call({ agent_name: 'torn', prompt: 'hello', session_id }, keyed(`torn ${number}`)),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
      const lost = sessions[answers.findIndex(({ status }) => status === 422)] ?? '';
      const look = () => node.http.get(`/api/vps/sessions/${lost}`);
      await expect.poll(async () => (await look()).status).toBe(404);
      const next = await node.http.call({ agent_name: 'torn', prompt: 'next', session_id: lost });
      expect(next.body).toMatchObject({ success: true, session_stored: true });
      expect((await look()).body.messages).toHaveLength(2);
    };
    for (let number = 0; number < 3; number++) await pair(number);
  });

  it.skipIf(onCluster)(
    'refused as another does not end the call that runs, in the eyes of the node',
    async () => {
      const gate = gated('still running');
      const agent = await node.agent('load', gate.script);
      const call = (prompt: string) =>
        node.http.call({ agent_name: 'load', prompt }, { ...keyed('load'), Prefer: 'respond-async' });
      const inFlight = async () =>
        /^holdfast_calls_in_flight (\d+)$/m.exec((await node.http.get('/metrics')).body.text as string)?.[1];
      const accepted = await call('one');
      await agent.waitForRequests(1);
      expect(await inFlight()).toBe('1');

      expectProblem(await call('another'), 422, 'idempotency_mismatch');

      expect(await inFlight()).toBe('1');
      gate.open();
      await endedCall(node.http, locationOf(accepted));
      expect(await inFlight()).toBe('0');
    },
  );

  it.each([
    ['an empty one', ''],
    ['one of 256 characters', 'k'.repeat(256)],
    ['one beyond ASCII', 'sch\u00fcssel'],
  ])('that is no key (%s) is refused by name', async (_what, key) => {
    expectInvalid(
      await node.http.call({ agent_name: 'once', prompt: 'hello' }, keyed(key)),
      'Idempotency-Key',
    );
  });

  it('accepts a key of 255 characters', async () => {
    const answer = await node.http.call({ agent_name: 'once', prompt: 'hello' }, keyed('k'.repeat(255)));
    expect(answer.body).toMatchObject({ success: true });
  });
});
