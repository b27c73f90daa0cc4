/** Large texts and long sessions: complete for readers, small in Temporal. */
import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '../../src/temporal-sdk/history-json.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepPayloads } from '../../src/services/archive/payload-sweep.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { lostText, TextStore } from '../../src/payloads/text-store.ts';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { killsFacades } from '../on-killed-facades/start-with-killed-facades.ts';
import type { Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

const prompt = `${'p'.repeat(900_000)} the end of the prompt`;
const answer = `${'a'.repeat(3_900_000)} the end of the answer`;

describe('large texts', () => {
  let test: TestNode;
  let verbose: ScriptedAgent;
  let echo: ScriptedAgent;
  const store = (): string => join(test.dataDir, 'payloads');
  const folders = async (kind: string): Promise<string[]> =>
    readdir(join(store(), kind)).catch(() => [] as string[]);

  beforeAll(async () => {
    test = await startTestNode({
      HOLDFAST_WINDOW_BYTES: String(16 * 1024 * 1024),
      HOLDFAST_WINDOW_MESSAGES: '4',
      HOLDFAST_SESSION_OLDER_BYTES: '4096',
    });
    verbose = await startAgent(() => ({ body: { content: answer } }));
    echo = await startAgent(({ body }) => {
      const { messages } = body as { messages: { content: string }[] };
      return { body: { content: `re: ${messages.at(-1)?.content ?? ''}` } };
    });
    await test.http.register('verbose', verbose.port);
    await test.http.register('echo', echo.port);
  });
  afterAll(async () => {
    await test.close();
    await Promise.all([verbose.close(), echo.close()]);
  });

  const messagesOf = async (session: string): Promise<Json[]> =>
    (await test.http.get(`/api/vps/sessions/${session}`)).body.messages as Json[];

  it('pass through a call and its session unchanged, and reach the next agent', async () => {
    const { body } = await test.http.call({ agent_name: 'verbose', prompt, session_id: 'big' });
    expect(body).toMatchObject({ success: true, session_stored: true });
    expect(body.response === answer).toBe(true);
    expect((verbose.requests[0]?.body as { messages: Json[] }).messages.at(-1)?.content === prompt).toBe(
      true,
    );
    const described = await test.http.get(`/api/vps/calls/${String(body.call_id)}`);
    expect(described.body.response === answer).toBe(true);
    expect((await messagesOf('big')).map(({ content }) => content === prompt || content === answer)).toEqual([
      true,
      true,
    ]);

    await test.http.call({ agent_name: 'echo', prompt: 'and then?', session_id: 'big' });

    const { messages } = echo.requests.at(-1)?.body as { messages: { content: string }[] };
    expect(messages.map(({ content }) => content.length)).toEqual([prompt.length, answer.length, 9]);
    expect(messages[1]?.content === answer).toBe(true);
    for (const id of [`call-${String(body.call_id)}`, 'session-big']) {
      const history = historyToJSON(await test.temporal.workflow.getHandle(id).fetchHistory());
      expect(history.length).toBeLessThan(100_000);
    }
  });

  it('are complete in a rerun', async () => {
    const { body } = await test.http.call({ agent_name: 'echo', prompt });
    const again = await test.http.post(`/api/vps/calls/${String(body.call_id)}/rerun`);
    await expect
      .poll(async () => {
        const { body: call } = await test.http.get(`/api/vps/calls/${String(again.body.call_id)}`);
        return call.status === 'completed' && call.response === `re: ${prompt}`;
      })
      .toBe(true);
  });

  it('are deleted with their session and its calls', async () => {
    await test.http.call({ agent_name: 'verbose', prompt: 'short', session_id: 'gone' });
    expect(await messagesOf('gone')).toHaveLength(2); // Now the session has copies of its own.
    const [calls, sessions] = [await folders('calls'), await folders('sessions')];
    await expect
      .poll(async () => (await test.http.get('/api/vps/calls?session=gone&status=completed')).body.calls)
      .toHaveLength(1);

    expect((await test.http.delete('/api/vps/sessions/gone?calls=true')).status).toBe(204);

    expect(await folders('calls')).toHaveLength(calls.length - 1);
    expect(await folders('sessions')).toHaveLength(sessions.length - 1);
  });

  /** Imports a session with a large text and with segments. */
  const importLarge = async (id: string): Promise<Json[]> => {
    const at = new Date().toISOString();
    const contents = [prompt, ...Array.from({ length: 40 }, (_, index) => `message ${index}`)];
    const messages = contents.map((content) => ({ timestamp: at, role: 'user', content }));
    const { body } = await test.http.post('/api/vps/sessions/import', {
      sessions: { [id]: { created_at: at, last_activity: at, messages } },
    });
    expect(body).toMatchObject({ imported: 1 });
    return messages;
  };

  it('of an imported session belong to it, and are deleted with it', async () => {
    const before = await folders('sessions');
    await importLarge('brought in');
    expect(await folders('sessions')).toHaveLength(before.length + 1);
    expect((await test.http.delete('/api/vps/sessions/brought%20in')).status).toBe(204);
    expect(await folders('sessions')).toEqual(before);
  });

  it('of deleted calls and sessions are swept, those of others stay', async () => {
    const imported = await importLarge('imported');
    const texts = new TextStore(createFileStore(store()), 1);
    await texts.save({ kind: 'calls', id: 'of a call past its retention' }, 'large');
    await texts.save({ kind: 'sessions', id: 'of a session that was deleted' }, 'large');
    const before = [...(await folders('calls')), ...(await folders('sessions'))];
    const temporal = {
      client: test.temporal,
      namespace: test.temporal.options.namespace,
      taskQueue: 'holdfast',
    };

    expect(await sweepPayloads(temporal, texts, Date.now())).toBe(0);
    expect(await sweepPayloads(temporal, texts, Date.now() + 26 * 3_600_000)).toBe(2);

    expect([...(await folders('calls')), ...(await folders('sessions'))]).toHaveLength(before.length - 2);
    expect((await messagesOf('big'))[1]?.content === answer).toBe(true);
    expect(await messagesOf('imported')).toMatchObject(imported);
  });

  it('are refused before the call is accepted while the payload store cannot be reached, and small calls go on', async () => {
    await rename(store(), `${store()}.away`);
    await writeFile(store(), 'no folder');
    try {
      const refused = await test.http.call({ agent_name: 'echo', prompt, session_id: 'refused' });
      expect(refused).toMatchObject({ status: 503, body: { error_type: 'payload_store_unavailable' } });
      expect(refused.headers.get('Retry-After')).not.toBeNull();
      expect(refused.headers.get('Location')).toBeNull(); // It was never accepted.
      expect((await test.http.call({ agent_name: 'echo', prompt: 'small' })).body.success).toBe(true);

      const asked = verbose.requests.length;
      const waiting = test.http.call({ agent_name: 'verbose', prompt: 'small' });
      await verbose.waitForRequests(asked + 1);
      await rm(store());
      await rename(`${store()}.away`, store());
      const { body } = await waiting;
      expect(body.success && body.response === answer).toBe(true);
      expect(verbose.requests).toHaveLength(asked + 1);
    } finally {
      await rename(`${store()}.away`, store()).catch(() => undefined);
    }
    expect((await test.http.get('/api/vps/sessions/refused')).status).toBe(404);
  });

  describe('that are lost or damaged', () => {
    const middling = (what: string): string => `${what.repeat(20_000)} its end`;
    /** The payload files with exactly this text. */
    const filesWith = async (text: string): Promise<string[]> => {
      const entries = await readdir(store(), { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp')) // Files that are being written.
        .map((entry) => join(entry.parentPath, entry.name));
      const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
      return files.filter((_, index) => texts[index] === text);
    };
    const damage = async (text: string): Promise<void> => {
      const files = await filesWith(text);
      expect(files.length).toBeGreaterThan(0);
      await Promise.all(files.map((file) => truncate(file, 10)));
    };

    it('are marked in their session, which goes on, and the export contains everything else', async () => {
      const [lost, whole] = [middling('lost'), middling('whole')];
      await test.http.call({ agent_name: 'echo', prompt: lost, session_id: 'damaged' });
      await test.http.call({ agent_name: 'echo', prompt: whole, session_id: 'damaged' });
      // Now the session has copies of its own. A read through the cache would keep the text that is lost next.
      await test.http.get('/api/vps/sessions/export');
      await damage(lost);

      const asked = echo.requests.length;
      const { body } = await test.http.call({ agent_name: 'echo', prompt: 'go on', session_id: 'damaged' });
      expect(body).toMatchObject({ success: true, session_stored: true });
      const sent = (echo.requests[asked]?.body as { messages: { content: string }[] }).messages;
      expect(sent.map(({ content }) => content)).toEqual([
        lostText,
        `re: ${lost}`,
        whole,
        `re: ${whole}`,
        'go on',
      ]);

      const exported = await test.http.get('/api/vps/sessions/export');
      expect(exported).toMatchObject({ status: 200, body: { incomplete_sessions: ['damaged'] } });
      const damaged = (exported.body.sessions as Record<string, { messages: Json[] }>)['damaged'];
      const marks = damaged?.messages.map(({ content, lost: mark }) => [content === lostText, mark]);
      expect(marks).toEqual([[true, true], ...Array.from({ length: 5 }, () => [false, undefined])]);
      expect(await messagesOf('damaged')).toEqual(damaged?.messages);

      const imported = await test.http.post('/api/vps/sessions/import', {
        ...exported.body,
        sessions: { restored: { ...damaged, session_id: 'restored' } },
      });
      expect(imported.body).toEqual({ imported: 1, skipped: [], invalid: [] });
      expect(await messagesOf('restored')).toEqual(damaged?.messages);
    });

    it('fail only the calls that need them, with their key in the error', async () => {
      const prompt = middling('prompt');
      const agent = await startAgent(async () => {
        await damage(prompt);
        return { status: 500, body: { error: 'busy' } };
      });
      await test.http.register('second', echo.port);
      await test.http.register('first', agent.port, { max_retries: 0, fallback_agents: ['second'] });
      const asked = echo.requests.length;
      const { body } = await test.http.call({ agent_name: 'first', prompt, session_id: 'needed' });
      await agent.close();
      expect(body).toMatchObject({ success: false, error_type: 'payload_lost', session_stored: true });
      expect(body.error).toMatch(/calls\/[0-9a-f]{40}\/[0-9a-f]{64} .*damaged/);
      expect(echo.requests).toHaveLength(asked);
      expect(await messagesOf('needed')).toMatchObject([{ role: 'user', content: lostText, failed: true }]);

      const id = String(body.call_id);
      const { body: described } = await test.http.get(`/api/vps/calls/${id}`);
      expect(described).toMatchObject({ status: 'failed', prompt: lostText, prompt_lost: true });
      const again = await test.http.post(`/api/vps/calls/${id}/rerun`);
      expect(again).toMatchObject({ status: 410, body: { error_type: 'payload_lost' } });
      const other = await test.http.post(`/api/vps/calls/${id}/rerun`, {
        prompt: 'another',
        agent_name: 'echo',
      });
      expect(other.status).toBe(202);
      const next = await test.http.call({ agent_name: 'echo', prompt: 'next', session_id: 'needed' });
      expect(next.body.success).toBe(true);
    });

    it('are never returned as answers: a reader gets an error, and the rest of the call', async () => {
      const prompt = middling('ask');
      const headers = { 'Idempotency-Key': 'answer-is-lost', Prefer: 'respond-async' };
      const { body: accepted } = await test.http.call({ agent_name: 'echo', prompt }, headers);
      const look = async () => (await test.http.get(`/api/vps/calls/${String(accepted.call_id)}`)).body;
      await expect.poll(async () => (await look()).status).toBe('completed');
      await damage(`re: ${prompt}`);

      const { status, body } = await test.http.call(
        { agent_name: 'echo', prompt },
        { 'Idempotency-Key': 'answer-is-lost' },
      );
      expect(status).toBe(200);
      const told = {
        success: false,
        response: null,
        error_type: 'payload_lost',
        attempts: [{ status: 'ok' }],
      };
      expect(body).toMatchObject(told);
      expect(await look()).toMatchObject({ ...told, status: 'completed', prompt });
    });
  });

  // `npm run test:killed` starts a facade for each turn.
  it(
    'a long session moves old messages to the payload store, and is read back complete and in order',
    { timeout: 240_000 },
    async () => {
      const turns = Array.from({ length: 60 }, (_, turn) => `turn ${turn}`);
      for (const turn of turns)
        await test.http.call({ agent_name: 'echo', prompt: turn, session_id: 'long' });
      const expected = turns.flatMap((turn) => [turn, `re: ${turn}`]);
      expect((await messagesOf('long')).map(({ content }) => content)).toEqual(expected);
      const held = await test.temporal.workflow.getHandle('session-long').query<{
        messages: unknown[];
        older: { count: number };
      }>('readSession');
      expect(held.older.count).toBeGreaterThan(90);
      expect(held.messages.length).toBe(120 - held.older.count);

      const { body } = await test.http.get('/api/vps/sessions/export');
      const { long } = body.sessions as Record<string, { messages: Json[] }>;
      expect(long?.messages.map(({ content }) => content)).toEqual(expected);
    },
  );

  it(
    'a session of 10,000 turns is imported, read whole, and opens a turn like one of ten',
    { timeout: 120_000 },
    async () => {
      const at = new Date().toISOString();
      const sessionOf = (turns: number) => ({
        created_at: at,
        last_activity: at,
        messages: Array.from({ length: 2 * turns }, (_, i) => ({
          timestamp: at,
          role: i % 2 ? 'assistant' : 'user',
          content: `message ${i}`,
          call_id: `imported-${Math.floor(i / 2)}`,
        })),
      });
      const { body } = await test.http.post('/api/vps/sessions/import', {
        sessions: { ten: sessionOf(10), endless: sessionOf(10_000) },
      });
      expect(body).toEqual({ imported: 2, skipped: [], invalid: [] });
      expect((await messagesOf('endless')).map(({ content }) => content)).toEqual(
        Array.from({ length: 20_000 }, (_, i) => `message ${i}`),
      );

      const times: Record<string, number[]> = { ten: [], endless: [] };
      // In turns, so that other work on the machine slows both alike.
      for (let turn = 0; turn < 15; turn++)
        for (const [session, ms] of Object.entries(times)) {
          const startedAt = performance.now();
          await test.http.call({ agent_name: 'echo', prompt: 'x', session_id: session });
          ms.push(performance.now() - startedAt);
        }
      const medianOf = (ms: number[] = []): number => ms.sort((a, b) => a - b)[7] ?? Number.NaN;
      // Noise is a few ms of about 50. Anything that grew with the number of turns would take seconds. With a facade for each
      // call most of the time is that of its start.
      if (!killsFacades) expect(medianOf(times.endless)).toBeLessThan(2 * medianOf(times.ten) + 20);
      const { historySize = 0 } = await test.temporal.workflow.getHandle('session-endless').describe();
      expect(historySize).toBeLessThan(1_000_000);
    },
  );

  it('such a session is forked, whole or up to a message', { timeout: 120_000 }, async () => {
    const all = await messagesOf('endless');
    const forkOf = async (body: Json): Promise<Json[]> => {
      const { status, body: made } = await test.http.post('/api/vps/sessions/endless/fork', body);
      expect(status).toBe(201);
      const messages = await messagesOf(String(made.session_id));
      expect(messages).toHaveLength(Number(made.total_messages));
      return messages;
    };
    expect(await forkOf({})).toEqual(all);
    expect(await forkOf({ before: 5_000 })).toEqual(all.slice(0, 5_000));
    expect(await forkOf({ before: 19_998 })).toEqual(all.slice(0, 19_998));
  });
});
