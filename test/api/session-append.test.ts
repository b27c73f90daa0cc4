/** Messages that are appended to a session without a call. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sessionWorkflowId } from '../../src/domain/ids.ts';
import { sendUpdate } from '../../src/services/temporal/entity-updates.ts';
import { historyToJSON } from '../../src/temporal-sdk/history-json.ts';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { echo, gated } from './scripts.ts';
import { useNode } from './use-node.ts';

describe('appended messages', () => {
  const node = useNode({
    HOLDFAST_INLINE_BYTES: '1024',
    HOLDFAST_MAX_PROMPT_BYTES: '20000',
    HOLDFAST_MAX_METADATA_BYTES: '200',
    HOLDFAST_MAX_SESSION_METADATA_BYTES: '300',
    HOLDFAST_SESSION_HISTORY_EVENTS: '50',
  });
  const pathOf = (id: string): string => `/api/vps/sessions/${encodeURIComponent(id)}`;
  const read = async (id: string): Promise<Json> => (await node.http.get(pathOf(id))).body;
  const contentsOf = async (id: string): Promise<unknown[]> =>
    ((await read(id)).messages as Json[]).map(({ content }) => content);
  const append = (id: string, body: Json, key?: string) =>
    node.http.post(`${pathOf(id)}/messages`, body, key === undefined ? {} : { 'Idempotency-Key': key });
  const user = (content: string): Json => ({ role: 'user', content });
  const assistant = (content: string, agent?: string): Json => ({ role: 'assistant', content, agent });

  let started: Promise<ScriptedAgent> | undefined;
  const agentOnce = (): Promise<ScriptedAgent> => (started ??= node.agent('echo', echo));
  const say = async (session_id: string, prompt: string) => {
    const agent = await agentOnce();
    const { body } = await node.http.call({ agent_name: 'echo', prompt, session_id });
    const { messages } = agent.requests.at(-1)?.body as { messages: Json[] };
    return { body, sent: messages };
  };

  it('create their session, are read with it, and are sent to the next agent', async () => {
    const before = Date.now();
    const { status, body } = await append('begun', {
      messages: [{ role: 'system', content: 'Be brief.' }, user('Hi'), assistant('Hello', 'a person')],
      user_id: 'ada',
      metadata: { from: 'mail' },
    });
    expect({ status, body }).toEqual({
      status: 200,
      body: { session_id: 'begun', total_messages: 3, repeated: false },
    });
    const session = await read('begun');
    expect(session).toMatchObject({ user_id: 'ada', metadata: { from: 'mail' } });
    expect(Date.parse(String(session.last_activity))).toBeGreaterThanOrEqual(before);
    const message = { timestamp: session.last_activity, agent: null, call_id: null, failed: false };
    expect(session.messages).toEqual([
      { ...message, role: 'system', content: 'Be brief.' },
      { ...message, role: 'user', content: 'Hi' },
      { ...message, role: 'assistant', content: 'Hello', agent: 'a person' },
    ]);
    expect((await say('begun', 'And?')).sent).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'And?' },
    ]);
  });

  it('come after the answer that was just given, whether the session knows of it or not', async () => {
    for (let turn = 0; turn < 5; turn++) {
      expect((await say('mixed', `ask ${turn}`)).body.success).toBe(true);
      expect((await append('mixed', { messages: [user(`note ${turn}`)] })).status).toBe(200);
    }
    const turns = Array.from({ length: 5 }, (_, turn) => [`ask ${turn}`, `re: ask ${turn}`, `note ${turn}`]);
    expect(await contentsOf('mixed')).toEqual(turns.flat());
  });

  it('are refused while a call holds the turn, and nothing of them is stored', async () => {
    await append('busy', { messages: [user('before')] });
    const gate = gated('done');
    const slow = await node.agent('slow', gate.script);
    const call = node.http.call({ agent_name: 'slow', prompt: 'now', session_id: 'busy' });
    await slow.waitForRequests(1);

    const refused = await append('busy', { messages: [user('between')] });
    expectProblem(refused, 429, 'session_busy');
    expect(refused.headers.get('RateLimit-Policy')).toBe('"turn";q=1;qu="concurrent-requests"');
    gate.open();
    await call;
    expect((await append('busy', { messages: [user('after')] })).body.total_messages).toBe(4);
    expect(await contentsOf('busy')).toEqual(['before', 'now', 'done', 'after']);
  });

  it('are appended once, however often the request is repeated, and another body is refused', async () => {
    const body = { messages: [user('once')], metadata: { a: 1 } };
    const first = await append('repeated', body, 'key');
    const repeats = await Promise.all([1, 2, 3].map(() => append('repeated', body, 'key')));
    expect(first.body).toEqual({ session_id: 'repeated', total_messages: 1, repeated: false });
    for (const repeat of repeats)
      expect(repeat.body).toEqual({ session_id: 'repeated', total_messages: 1, repeated: true });
    const other = { ...body, messages: [user('twice')] };
    expectProblem(await append('repeated', other, 'key'), 422, 'idempotency_mismatch');
    expect((await append('repeated', other, 'another key')).body.total_messages).toBe(2);
    expect((await append('repeated', other)).body.total_messages).toBe(3);

    // The session continues as new meanwhile, and a call may hold the turn when the request is repeated.
    for (let index = 0; index < 15; index++) await append('repeated', { messages: [user(`${index}`)] });
    const gate = gated('done');
    const slow = await node.agent('slow in repeated', gate.script);
    const call = node.http.call({ agent_name: 'slow in repeated', prompt: 'x', session_id: 'repeated' });
    await slow.waitForRequests(1);
    expect((await append('repeated', body, 'key')).body).toMatchObject({
      repeated: true,
      total_messages: 18,
    });
    gate.open();
    await call;
    expectInvalid(await append('repeated', body, 'ü'.repeat(300)), 'Idempotency-Key');
  });

  it('with large texts are small in Temporal, belong to the session and are deleted with it', async () => {
    const folders = async () =>
      (await readdir(join(node.dataDir, 'payloads', 'sessions')).catch(() => [])).length;
    const large = (what: string): string => what.repeat(15_000);
    const [before, messages] = [
      await folders(),
      [user(large('a')), assistant('small'), assistant(large('b'))],
    ];
    expect((await append('large', { messages })).body.total_messages).toBe(3); // Creates the session.
    expect((await append('large', { messages })).body.total_messages).toBe(6);
    expect(await folders()).toBe(before + 1);
    const many = Array.from({ length: 100 }, () => user('m'.repeat(1_000)));
    for (let index = 0; index < 3; index++)
      expect((await append('large', { messages: many })).status).toBe(200);
    const history = await node.temporal.workflow.getHandle(sessionWorkflowId('large')).fetchHistory();
    expect(historyToJSON(history).length).toBeLessThan(1_500_000);
    const contents = await contentsOf('large');
    expect(contents).toHaveLength(306);
    expect(contents.slice(0, 3)).toEqual([large('a'), 'small', large('b')]);
    expect((await say('large', 'x')).sent.at(-2)).toEqual(many[0]);
    expect((await node.http.delete(pathOf('large'))).status).toBe(204);
    expect(await folders()).toBe(before);

    expect((await append('large', { messages })).body.total_messages).toBe(3); // In the next life.
    expect(await contentsOf('large')).toEqual([large('a'), 'small', large('b')]);
  });

  it('are refused with metadata that the session has no room for', async () => {
    const metadata = { a: 'x'.repeat(150) };
    await append('full', { messages: [user('first')], metadata });
    const refused = await append('full', { messages: [user('second')], metadata: { b: 'x'.repeat(150) } });
    expectProblem(refused, 422, 'session_metadata_full');
    expect((await append('full', { messages: [user('second')] })).status).toBe(200);
    const all = await read('full');
    expect(all).toMatchObject({ metadata, messages: { length: 2 } });
  });

  it('are refused if they are not valid, and then create no session', async () => {
    const refused = async (body: Json, field: string) => expectInvalid(await append('invalid', body), field);
    await refused({}, 'messages');
    await refused({ messages: [] }, 'messages');
    await refused({ messages: Array.from({ length: 101 }, () => user('x')) }, 'messages');
    await refused({ messages: Array.from({ length: 300_000 }, () => 1) }, 'messages');
    await refused({ messages: [user('')] }, 'messages.0.content');
    await refused({ messages: [user('x'), user('y'.repeat(20_000))] }, 'messages.1.content');
    await refused({ messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.role');
    await refused({ messages: [{ ...user('x'), agent: 'echo' }] }, 'messages.0.agent');
    await refused({ messages: [{ ...user('x'), call_id: 'c' }] }, 'messages.0.call_id');
    await refused({ messages: [user('x')], metadata: { a: 'x'.repeat(200) } }, 'metadata');
    await refused({ messages: [user('x')], agent_name: 'echo' }, 'agent_name');
    expectProblem(await node.http.get(pathOf('invalid')), 404, 'session_not_found');
    expectInvalid(await append('__proto__', { messages: [user('x')] }), 'id');
  });

  it('of many requests at once are all stored, each request as a whole', async () => {
    const pairs = Array.from({ length: 20 }, (_, index) => [user(`ask ${index}`), assistant(`re: ${index}`)]);
    const answers = await Promise.all(pairs.map((messages) => append('crowded', { messages })));
    expect(answers.map(({ status }) => status)).toEqual(pairs.map(() => 200));
    const stored = await contentsOf('crowded');
    expect(stored).toHaveLength(40);
    for (let index = 0; index < 40; index += 2)
      expect(stored[index + 1]).toBe(String(stored[index]).replace('ask', 're:'));
  });

  it('with large texts belong to the session that one of several requests has created', async () => {
    const folders = async () => (await readdir(join(node.dataDir, 'payloads', 'sessions'))).length;
    const before = await folders();
    const large = (index: number): string => `${index}`.repeat(5_000);
    const requests = Array.from({ length: 5 }, (_, index) =>
      append('contended', { messages: [user(large(index))] }),
    );
    for (const { status } of await Promise.all(requests)) expect(status).toBe(200);
    expect((await contentsOf('contended')).sort()).toEqual(requests.map((_, index) => large(index)));
    expect(await folders()).toBe(before + 1);
  });

  it('would be refused as not possible yet by a worker whose version lacks the update', async () => {
    await append('older', { messages: [user('Hi')] });
    const session = node.temporal.workflow.getHandle(sessionWorkflowId('older'));
    await expect(sendUpdate(() => session.executeUpdate('updateOfLaterVersions'))).rejects.toMatchObject({
      type: 'temporal_unavailable',
      message: expect.stringContaining('older version') as string,
    });
  });
});
