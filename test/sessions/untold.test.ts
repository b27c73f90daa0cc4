/** What else meets an ending that its session was not told, because the facade that answered was killed at once. */
import { expect, it } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { contentOf, looksOf, sessionStatusOf, startSession, toldOf } from './session-facts.ts';
import { answerOfKilled, holdTurn } from './unseen-endings.ts';
import { useFacades, windowOf } from './use-facades.ts';

const facades = useFacades();
const { call, textsOf, lastWindow } = facades;
const two = ['first', 're: first', 'second', 're: second'];

it('each of several next calls at once has the turns before it in its window, without a look of the session', async () => {
  await answerOfKilled(facades, 'several');
  const { echo, node } = facades;
  const before = echo.requests.length;

  await Promise.all(['third', 'fourth', 'fifth', 'sixth'].map((prompt) => call('several', prompt)));

  const texts = await textsOf('several');
  expect(texts).toHaveLength(12);
  expect(texts.slice(0, 4)).toEqual(two);
  const windows = echo.requests.slice(before).map(windowOf);
  expect(windows).toEqual([5, 7, 9, 11].map((count) => texts.slice(0, count)));
  expect(await looksOf(node.temporal, 'several')).toBe(0);
});

it('the call says at another facade that its turn is stored, and the export of sessions has the reply', async () => {
  const { call_id } = await answerOfKilled(facades, 'exported');
  const { http, temporal } = facades.node;

  const described = (await http.get(`/api/vps/calls/${String(call_id)}`)).body;
  expect(described).toMatchObject({ status: 'completed', session_stored: true });
  expect((await contentOf(temporal, 'exported')).holderId).toBe(call_id); // It is true, though still to come.

  const { sessions } = (await http.get('/api/vps/sessions/export')).body;
  const { exported } = sessions as Record<string, { messages: Json[] }>;
  expect(exported?.messages.at(-1)).toMatchObject({ content: 're: second', call_id });
});

it('a cleanup takes the ending over, removes the session, and leaves the call', async () => {
  const { call_id } = await answerOfKilled(facades, 'cleaned');
  const { http, temporal } = facades.node;

  await http.post('/api/vps/sessions/cleanup?max_age_hours=0');

  expect(await sessionStatusOf(temporal, 'cleaned')).not.toBe('RUNNING');
  expect((await http.get('/api/vps/sessions/cleaned')).status).toBe(404);
  const { response } = (await http.get(`/api/vps/calls/${String(call_id)}`)).body;
  expect(response).toBe('re: second');
});

it('a deletion of the session with its calls deletes that call as well', async () => {
  const { call_id } = await answerOfKilled(facades, 'purged');
  const { http } = facades.node;
  expect((await http.delete('/api/vps/sessions/purged?calls=true')).status).toBe(204);
  expect((await http.get(`/api/vps/calls/${String(call_id)}`)).status).toBe(404);
  expect((await http.get('/api/vps/sessions/purged')).status).toBe(404);
});

it('a repeated Idempotency-Key gets the same answer, and the session has the turn once', async () => {
  const headers = { 'Idempotency-Key': 'of the killed facade' };
  const { call_id, response } = await answerOfKilled(facades, 'repeated', { headers });
  const { echo, node } = facades;
  const asked = echo.requests.length;

  const repeats = await Promise.all(Array.from({ length: 3 }, () => call('repeated', 'second', headers)));

  for (const { body } of repeats)
    expect(body).toMatchObject({ success: true, call_id, response, session_stored: true });
  expect(echo.requests).toHaveLength(asked);
  expect((await contentOf(node.temporal, 'repeated')).holderId).toBeUndefined();
  expect((await call('repeated', 'third')).body).toMatchObject({ session_stored: true });
  expect(lastWindow()).toEqual([...two, 'third']);
  expect(await textsOf('repeated')).toHaveLength(6);
  expect(await looksOf(node.temporal, 'repeated')).toBe(0);
});

it('a failure is taken over like an answer, also if its Idempotency-Key was repeated', async () => {
  const { http } = facades.node;
  const broken = await startAgent(() => ({ status: 401 }));
  await http.register('broken', broken.port, { max_retries: 0 });
  const headers = { 'Idempotency-Key': 'of the failure' };
  const { call_id } = await answerOfKilled(facades, 'failed', { agent: 'broken', headers });

  const repeat = { agent_name: 'broken', prompt: 'second', session_id: 'failed' };
  const { body } = await http.call(repeat, headers);

  expect(body).toMatchObject({ success: false, call_id, error_type: 'auth', session_stored: true });
  expect(broken.requests).toHaveLength(1);
  await broken.close();
  await call('failed', 'third');
  expect(lastWindow()).toEqual(['first', 're: first', 'third']);
  expect(await textsOf('failed')).toEqual(['first', 're: first', { failed: 'second' }, 'third', 're: third']);
});

it('a session that lets no call wait accepts the next one, because the call with the turn has ended', async () => {
  const { node } = facades;
  await startSession(node.temporal, 'full', { maxQueued: 0 });
  const held = await holdTurn(node, await node.startFacade(), 'full', 'held');
  expect((await call('full', 'too many')).body).toMatchObject({ error_type: 'session_queue_full' });

  await held.endUnseen();

  expect((await call('full', 'next')).body).toMatchObject({ success: true, session_stored: true });
  expect(lastWindow()).toEqual(['held', 'at last', 'next']);
  expect(await looksOf(node.temporal, 'full')).toBe(0);
});

it('a session that was told of an ending for a read is not told again, not even when the facade stops', async () => {
  const { node } = facades;
  const facade = await node.startFacade();
  for (const prompt of ['first', 'second'])
    await facade.http.call({ agent_name: 'echo', prompt, session_id: 'told-once' });
  const { messages } = (await facade.http.get('/api/vps/sessions/told-once')).body as { messages: Json[] };
  expect(messages).toHaveLength(4);

  facade.process.kill('SIGTERM');
  await facade.process.exited;

  expect(await toldOf(node.temporal, 'told-once')).toBe(0);
});

it('a facade that stops tells its sessions how their calls ended', async () => {
  const { node } = facades;
  const facade = await node.startFacade();
  const { body } = await facade.http.call({ agent_name: 'echo', prompt: 'first', session_id: 'drained' });

  facade.process.kill('SIGTERM');
  await facade.process.exited;

  await expect.poll(async () => (await contentOf(node.temporal, 'drained')).holderId).toBeUndefined();
  expect(await toldOf(node.temporal, 'drained')).toBe(1);
  const { messages } = await contentOf(node.temporal, 'drained');
  expect(messages.at(-1)).toMatchObject({ content: 're: first', callId: body.call_id });
});
