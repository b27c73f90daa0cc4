/** `when_busy`: what becomes of a call whose session is busy, and of the calls that it interrupts. */
import { expect, it, describe } from 'vitest';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { endedCall } from './ended-call.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { echo, gated } from './scripts.ts';
import { useNode } from './use-node.ts';

describe('a call with when_busy', () => {
  const node = useNode();
  const readSession = async (id: string): Promise<Json> =>
    (await node.http.get(`/api/vps/sessions/${id}`)).body;
  const described = (id: unknown): Promise<Json> => endedCall(node.http, `/api/vps/calls/${String(id)}`);

  /** Calls of one session: to an agent that answers once it is let go, or to one that echoes. */
  const useSession = async (session_id: string) => {
    const gate = gated('let go');
    const slow = await node.agent(`slow in ${session_id}`, gate.script);
    const quick = await node.agent(`quick in ${session_id}`, echo);
    const to =
      (agent_name: string) =>
      (prompt: string, more: Json = {}, headers: Record<string, string> = {}) =>
        node.http.call({ agent_name, prompt, session_id, ...more }, headers);
    const callSlow = to(`slow in ${session_id}`);
    const call = to(`quick in ${session_id}`);
    const begin = async (prompt: string): Promise<unknown> =>
      (await call(prompt, {}, { Prefer: 'respond-async' })).body.call_id;
    /** Its agent is being asked. */
    const hold = async (more: Json = {}) => {
      const answer = callSlow('hold', more);
      await slow.waitForRequests(1);
      return answer;
    };
    const holdAsync = async (): Promise<unknown> => {
      const { body } = await callSlow('hold', {}, { Prefer: 'respond-async' });
      await slow.waitForRequests(1);
      return body.call_id;
    };
    const waits = (callId: unknown) =>
      expect
        .poll(async () => (await node.http.get(`/api/vps/calls/${String(callId)}`)).body)
        .toMatchObject({ status: 'running', timings: { queued_ms: null } });
    return { session_id, gate, slow, quick, call, callSlow, begin, hold, holdAsync, waits };
  };

  const key = (name: string) => ({ 'Idempotency-Key': name });
  const interrupt = { when_busy: 'interrupt' };
  const reject = { when_busy: 'reject' };

  it('needs a session, and is one of three', async () => {
    const { call } = await useSession('named');
    for (const when_busy of ['queue', 'reject', 'interrupt'])
      expectInvalid(await call('x', { session_id: undefined, when_busy }), 'when_busy');
    expectInvalid(await call('x', { when_busy: 'wait' }), 'when_busy');
    expect((await call('x', { session_id: undefined, when_busy: null })).status).toBe(200);
  });

  it('queue is the same request as one without it, and waits', async () => {
    const { call, holdAsync, gate, waits } = await useSession('queue');
    const first = (await call('once', {}, key('queue'))).body;
    for (const when_busy of ['queue', null])
      expect((await call('once', { when_busy }, key('queue'))).body).toMatchObject({
        call_id: first.call_id,
      });
    expectProblem(await call('once', reject, key('queue')), 422, 'idempotency_mismatch');
    await holdAsync();
    const { call_id } = (await call('waits', { when_busy: 'queue' }, { Prefer: 'respond-async' })).body;
    await waits(call_id);
    gate.open();
    expect(await described(call_id)).toMatchObject({ response: 're: waits', superseded_by: null });
  });

  it('reject is refused while another call has the turn, and leaves nothing', async () => {
    const { call, callSlow, begin, gate, slow, waits } = await useSession('reject');
    const holder = (await callSlow('hold', reject, { ...key('reject'), Prefer: 'respond-async' })).body
      .call_id;
    await slow.waitForRequests(1);
    expectProblem(await call('no', reject, key('busy')), 429, 'session_busy');
    const waiting = await begin('waits');
    await waits(waiting);
    expectProblem(await call('no', reject), 429, 'session_busy');

    const repeated = callSlow('hold', reject, key('reject'));
    gate.open();
    expect((await repeated).body).toMatchObject({ call_id: holder, response: 'let go' });
    expect(await described(waiting)).toMatchObject({ response: 're: waits' });
    expect((await call('now', reject, key('busy'))).body).toMatchObject({ response: 're: now' });
    const { messages } = await readSession('reject');
    expect((messages as Json[]).map(({ content }) => content)).toEqual([
      'hold',
      'let go',
      'waits',
      're: waits',
      'now',
      're: now',
    ]);
  });

  it('reject is accepted of one of many at once', async () => {
    const { callSlow, gate, slow } = await useSession('one of many');
    const answers = Array.from({ length: 8 }, (_, i) => callSlow(`p${i}`, reject));
    await slow.waitForRequests(1);
    const first: HttpAnswer[] = [];
    for (const answer of answers) void answer.then((one) => first.push(one));
    await expect.poll(() => first.length).toBe(7);
    for (const one of first) expectProblem(one, 429, 'session_busy');
    gate.open();
    const all = await Promise.all(answers);
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(slow.requests).toHaveLength(1);
  });

  it('reject is accepted right after an answer that the session has not heard of', async () => {
    const { call } = await useSession('untold');
    for (const prompt of ['one', 'two', 'three'])
      expect((await call(prompt, reject)).body).toMatchObject({ response: `re: ${prompt}` });
  });

  it('interrupt cancels the call that has the turn and those that wait, and says so everywhere', async () => {
    const { call, hold, begin, waits, slow, quick } = await useSession('interrupt');
    const holding = hold();
    await slow.waitForRequests(1);
    const waiting = [await begin('first'), await begin('second')];
    for (const callId of waiting) await waits(callId);

    const { body } = await call('instead', interrupt);

    expect(body).toMatchObject({ success: true, response: 're: instead', superseded_by: null });
    const cancelled = { error_type: 'cancelled', superseded_by: body.call_id };
    const held = (await holding).body;
    expect(held).toMatchObject({ success: false, session_stored: true, ...cancelled });
    expect(await described(held.call_id)).toMatchObject({ status: 'cancelled', ...cancelled });
    for (const callId of waiting) {
      const one = await described(callId);
      expect(one).toMatchObject({ status: 'cancelled', session_stored: false, attempts: [], ...cancelled });
    }
    await expect
      .poll(async () => {
        const { calls } = (await node.http.get('/api/vps/calls?session=interrupt')).body;
        return (calls as Json[]).map(({ superseded_by }) => superseded_by).sort();
      })
      .toEqual([body.call_id, body.call_id, body.call_id, null].sort());
    expect((await readSession('interrupt')).messages).toMatchObject([
      { content: 'hold', failed: true, superseded_by: body.call_id },
      { content: 'instead', failed: false },
      { content: 're: instead' },
    ]);
    expect(slow.requests).toHaveLength(1);
    expect(slow.aborts).toBe(1);
    expect(quick.requests.map((one) => (one.body as { messages: Json[] }).messages)).toEqual([
      [{ role: 'user', content: 'instead' }],
    ]);
  });

  it('interrupt, repeated with its key, cancels neither itself nor the calls after it', async () => {
    const { callSlow, holdAsync, begin, waits, slow, gate } = await useSession('repeated');
    const holder = await holdAsync();
    const again = () => callSlow('instead', interrupt, { ...key('repeated'), Prefer: 'respond-async' });
    const { call_id } = (await again()).body;
    expect(await described(holder)).toMatchObject({ status: 'cancelled', superseded_by: call_id });
    await slow.waitForRequests(2);
    const after = await begin('after');
    await waits(after);
    for (let i = 0; i < 4; i++) expect((await again()).body).toMatchObject({ call_id });
    gate.open();
    expect(await described(call_id)).toMatchObject({ response: 'let go' });
    expect(await described(after)).toMatchObject({ response: 're: after' });
    const next = await begin('next');
    for (let i = 0; i < 2; i++) expect((await again()).body).toMatchObject({ call_id });
    expect(await described(next)).toMatchObject({ response: 're: next', superseded_by: null });
    expect(slow.requests).toHaveLength(2);
  });

  it('interrupt leaves an answered call as it is', async () => {
    const { call } = await useSession('answered');
    const { call_id } = (await call('one')).body;
    expect((await call('two', interrupt)).body).toMatchObject({ response: 're: two' });
    expect(await described(call_id)).toMatchObject({ status: 'completed', superseded_by: null });
    const { messages } = await readSession('answered');
    expect(messages).toMatchObject([{ failed: false }, {}, { content: 'two', failed: false }, {}]);
  });

  it('interrupt: of several at once each one is answered or superseded, and at least one is answered', async () => {
    const { call, holdAsync, slow, quick } = await useSession('contest');
    const holder = await holdAsync();
    const answers = (
      await Promise.all(['a', 'b', 'c', 'd', 'e'].map((prompt) => call(prompt, interrupt)))
    ).map(({ body }) => body);
    const ids = answers.map((one) => one.call_id);
    expect(ids).toContain((await described(holder)).superseded_by);
    const lost = answers.filter((one) => one.success === false);
    for (const one of lost) {
      expect(one).toMatchObject({ error_type: 'cancelled' });
      expect(ids.filter((id) => id !== one.call_id)).toContain(one.superseded_by);
    }
    expect(answers.filter((one) => one.success === true).length).toBeGreaterThan(0);
    expect(slow.requests).toHaveLength(1);
    expect(new Set(quick.requests.map((one) => one.headers['idempotency-key'])).size).toBe(
      quick.requests.length,
    );
  });

  it('interrupt is kept by an export and an import of the session', async () => {
    const { call, holdAsync } = await useSession('moved');
    await holdAsync();
    const { call_id } = (await call('instead', interrupt)).body;
    const session = await readSession('moved');
    expect((session.messages as Json[])[0]).toMatchObject({ superseded_by: call_id });
    const sessions = { 'moved here': { ...session, session_id: 'moved here' } };
    expect((await node.http.post('/api/vps/sessions/import', { sessions })).body).toMatchObject({
      imported: 1,
    });
    expect((await node.http.get('/api/vps/sessions/moved%20here')).body.messages).toEqual(session.messages);
  });
});
