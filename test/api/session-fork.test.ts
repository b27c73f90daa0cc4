/** Forks: a new session with the messages of another one, whole or up to a message, and independent of it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callWorkflowId } from '../../src/domain/ids.ts';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { echo, gated } from './scripts.ts';
import { useNode } from './use-node.ts';

const large = 'large '.repeat(1_000);

describe('a fork', () => {
  const node = useNode({
    HOLDFAST_INLINE_BYTES: '1024',
    HOLDFAST_WINDOW_MESSAGES: '4',
    HOLDFAST_SESSION_OLDER_BYTES: '1024',
  });
  const pathOf = (id: string): string => `/api/vps/sessions/${encodeURIComponent(id)}`;
  const read = async (id: string): Promise<Json> => (await node.http.get(pathOf(id))).body;
  const messagesOf = async (id: string): Promise<Json[]> => (await read(id)).messages as Json[];
  const fork = (id: string, body?: Json) => node.http.post(`${pathOf(id)}/fork`, body);

  let started: Promise<ScriptedAgent> | undefined;
  const agentOnce = (): Promise<ScriptedAgent> => (started ??= node.agent('echo', echo));
  const say = async (session_id: string, prompt: string, fields: Json = {}, key?: string) => {
    const agent = await agentOnce();
    const headers = key === undefined ? {} : { 'Idempotency-Key': key };
    const answer = await node.http.call({ agent_name: 'echo', prompt, session_id, ...fields }, headers);
    return { answer, agent };
  };
  const sayAll = async (session: string, prompts: readonly string[]): Promise<void> => {
    for (const prompt of prompts) expect((await say(session, prompt)).answer.body.success).toBe(true);
  };
  /** The contents that the agent got with its last request. */
  const sentWith = async (session: string, prompt: string): Promise<unknown[]> => {
    const { agent } = await say(session, prompt);
    const { messages } = agent.requests.at(-1)?.body as { messages: Json[] };
    return messages.map(({ content }) => content);
  };
  const callIdOf = ({ body }: HttpAnswer): string => String(body.call_id);

  it('has all messages, the user and the metadata, and goes its own way from there', async () => {
    await say('story', 'one', { user_id: 'ada', metadata: { topic: 'forks' } });
    await sayAll('story', [large, 'three']);
    const told = await read('story');

    const { status, body } = await fork('story', { session_id: 'other ending' });

    expect({ status, body }).toEqual({
      status: 201,
      body: { session_id: 'other ending', total_messages: 6 },
    });
    const forked = await read('other ending');
    expect(forked).toMatchObject({ user_id: 'ada', metadata: { topic: 'forks' }, messages: told.messages });
    expect(Date.parse(String(forked.created_at))).toBeGreaterThan(Date.parse(String(told.last_activity)));
    expect(await sentWith('other ending', 'there')).toEqual([
      large,
      `re: ${large}`,
      'three',
      're: three',
      'there',
    ]);
    expect(await sentWith('story', 'here')).toEqual([large, `re: ${large}`, 'three', 're: three', 'here']);
    const last = async (id: string) => (await messagesOf(id)).slice(6).map(({ content }) => content);
    expect(await last('other ending')).toEqual(['there', 're: there']);
    expect(await last('story')).toEqual(['here', 're: here']);
  });

  it('stays whole when the original and its calls are deleted, and the original when the fork is', async () => {
    const prompts = Array.from({ length: 12 }, (_, turn) => `${turn} ${turn % 4 === 0 ? large : ''}`);
    await sayAll('first', prompts);
    const all = await messagesOf('first');
    const folders = async () => (await readdir(join(node.dataDir, 'payloads', 'sessions'))).length;
    const before = await folders();
    for (const session_id of ['second', 'third'])
      expect((await fork('first', { session_id })).body.total_messages).toBe(24);

    expect((await node.http.delete(`${pathOf('first')}?calls=true`)).status).toBe(204);
    expect(await messagesOf('second')).toEqual(all);
    expect((await node.http.delete(`${pathOf('second')}?calls=true`)).status).toBe(204);
    expect(await messagesOf('third')).toEqual(all);
    expect(await sentWith('third', 'and?')).toEqual([...all.slice(-4).map(({ content }) => content), 'and?']);
    expect(await folders()).toBe(before);
  });

  it('that is deleted with its calls leaves those of the original', async () => {
    const { answer } = await say('with calls', 'kept');
    await fork('with calls', { session_id: 'without calls' });
    expect((await node.http.delete(`${pathOf('without calls')}?calls=true`)).status).toBe(204);
    const { status, body } = await node.http.get(`/api/vps/calls/${callIdOf(answer)}`);
    expect({ status, ...body }).toMatchObject({ status: 'completed', prompt: 'kept' });
  });

  it('takes the messages before a number, as the pages of the original count them', async () => {
    await sayAll(
      'numbered',
      Array.from({ length: 10 }, (_, turn) => `turn ${turn}`),
    );
    const all = await messagesOf('numbered');
    const { next_before } = (await node.http.get(`${pathOf('numbered')}?limit=6`)).body;
    expect(next_before).toBe(14);
    for (const before of [14, 20, 2]) {
      const { body } = await fork('numbered', { before });
      expect(body.total_messages).toBe(before);
      expect(await messagesOf(String(body.session_id))).toEqual(all.slice(0, before));
    }
    const { body } = await fork('numbered', { before: 14 });
    const window = all.slice(10, 14).map(({ content }) => content);
    expect(await sentWith(String(body.session_id), 'else')).toEqual([...window, 'else']);
  });

  it('may begin anew, with nothing but the user and the metadata, and exists although it is empty', async () => {
    const key = 'used elsewhere';
    await say('regretted', 'why?', { user_id: 'u', metadata: { kept: true } }, key);
    expect((await fork('regretted', { session_id: 'anew', before: 0 })).body.total_messages).toBe(0);
    expectProblem((await say('anew', 'why?', {}, key)).answer, 422, 'idempotency_mismatch');
    expect(await read('anew')).toMatchObject({ user_id: 'u', metadata: { kept: true }, messages: [] });
  });

  it('does not have the call in flight, which ends in the original', async () => {
    await say('busy', 'before');
    const gate = gated('late');
    const slow = await node.agent('slow', gate.script);
    const call = node.http.call({ agent_name: 'slow', prompt: 'now', session_id: 'busy' });
    await slow.waitForRequests(1);

    expect((await fork('busy', { session_id: 'not waiting' })).body.total_messages).toBe(2);
    expect((await say('not waiting', 'at once')).answer.body.success).toBe(true);
    gate.open();
    expect((await call).body.session_stored).toBe(true);
    expect((await messagesOf('busy')).map(({ content }) => content)).toEqual([
      'before',
      're: before',
      'now',
      'late',
    ]);
    expect(await messagesOf('not waiting')).toHaveLength(4);
  });

  it('gives no second turn to a call whose messages it has, even if Temporal no longer has the call', async () => {
    const { answer } = await say('kept', 'once', {}, 'key of the original');
    await fork('kept', { session_id: 'copy' });
    const repeat = () => say('copy', 'once', {}, 'key of the original');
    expectProblem((await repeat()).answer, 422, 'idempotency_mismatch');

    const execution = { workflowId: callWorkflowId(callIdOf(answer)) };
    const { workflowService, options } = node.temporal;
    await workflowService.deleteWorkflowExecution({
      namespace: options.namespace,
      workflowExecution: execution,
    });
    await expect
      .poll(async () => (await node.http.get(`/api/vps/calls/${callIdOf(answer)}`)).status)
      .toBe(404);
    expectProblem((await repeat()).answer, 422, 'idempotency_mismatch');
    expect(await messagesOf('copy')).toHaveLength(2);
    expect(await sentWith('copy', 'next')).toEqual(['once', 're: once', 'next']);
  });

  it('is refused for a session that does not exist, an id that is taken, and a cut that is not there', async () => {
    await sayAll('small', ['one', 'two']);
    expectProblem(await fork('nowhere'), 404, 'session_not_found');
    for (const session_id of ['small', 'story'])
      expectProblem(await fork('small', { session_id }), 409, 'session_exists');
    for (const before of [5, 1, 3, -1, 1.5, '2']) expectInvalid(await fork('small', { before }), 'before');
    for (const session_id of ['', '..', '__proto__', 7])
      expectInvalid(await fork('small', { session_id }), 'session_id');
    expectInvalid(await fork('small', { upto: 2 }), 'upto');
    expect(await messagesOf('story')).toHaveLength(8);
  });

  it('is made once of several requests for one id', async () => {
    await say('wanted', large);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => fork('wanted', { session_id: 'one of five' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect((await messagesOf('one of five')).map(({ content }) => content)).toEqual([large, `re: ${large}`]);
  });
});
