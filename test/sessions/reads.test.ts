/** Reading sessions from the cache: as current as a query in every process, and without deleted sessions. */
import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { echo } from '../api/scripts.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { startNodeProcess } from '../rig/node-process.ts';
import { replayAll } from '../rig/replay-all.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

/** Two nodes on one server and one payload store, with sessions that continue as new often. `one`: settings of the first. */
async function startNodes(ofOne: Environment = {}) {
  const server = await startTemporalServer(['limit.historyCount.suggestContinueAsNew=60']);
  const connection = await Connection.connect({ address: server.address });
  const temporal = new Client({ connection });
  onTestFinished(async () => {
    await replayAll(temporal);
    await connection.close();
  });
  const environment = await testEnvironment({
    TEMPORAL_ADDRESS: server.address,
    HOLDFAST_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  const two = await startNodeProcess(environment);
  const one = await startNodeProcess({ ...environment, ...ofOne });
  const agent = await startAgent(echo);
  onTestFinished(() => agent.close());
  await two.http.register('echo', agent.port);
  return { one, two, temporal, store: join(environment.HOLDFAST_DATA_DIR, 'payloads') };
}

const say = async (http: HttpClient, session_id: string, prompt: string): Promise<void> => {
  const { body } = await http.call({ agent_name: 'echo', prompt, session_id });
  expect(body).toMatchObject({ success: true, session_stored: true });
};
const read = (http: HttpClient, session: string) => http.get(`/api/vps/sessions/${session}`);
const promptsIn = async (http: HttpClient, session: string): Promise<string[]> =>
  ((await read(http, session)).body.messages as Json[])
    .filter(({ role }) => role === 'user')
    .map(({ content }) => content as string);

test('every process reads what any process has committed, across every continue-as-new of the session', async () => {
  const { one, two, temporal } = await startNodes();
  const both = [one.http, two.http] as const;
  const said: string[] = [];
  const runs = new Set<string>();
  for (let turn = 0; turn < 40; turn++) {
    await say(both[turn % 2] ?? one.http, 'shared', `turn ${turn}`);
    said.push(`turn ${turn}`);
    for (const http of both) expect(await promptsIn(http, 'shared')).toEqual(said);
    // This time from the cache.
    for (const http of both) expect(await promptsIn(http, 'shared')).toEqual(said);
    runs.add((await temporal.workflow.getHandle('session-shared').describe()).runId);
  }
  expect(runs.size).toBeGreaterThan(2);
  // Deletions and the payload sweep read it there.
  expect((await temporal.workflow.getHandle('session-shared').describe()).memo).toHaveProperty('life');
}, 120_000);

test('no read misses a call that had ended before it, even with many concurrent reads and calls', async () => {
  const { one, two } = await startNodes();
  const ended = new Set<string>();
  let writing = true;
  const write = async (http: HttpClient, name: string): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) {
      await say(http, 'busy', `${name} ${turn}`);
      ended.add(`${name} ${turn}`);
    }
  };
  let reads = 0;
  const watch = async (http: HttpClient): Promise<void> => {
    while (writing) {
      const before = [...ended];
      const { status, body } = await read(http, 'busy');
      // The session may not exist yet, or a query may fail while the session continues as new.
      if (before.length === 0 || status === 503) continue;
      expect(status).toBe(200);
      const prompts = new Set((body.messages as Json[]).map(({ content }) => content as string));
      expect(before.filter((prompt) => !prompts.has(prompt))).toEqual([]);
      reads += 1;
    }
  };
  const readers = [one, one, one, two, two, two].map(({ http }) => watch(http));
  const writers = [write(one.http, 'one'), write(two.http, 'two'), write(two.http, 'three')];
  await Promise.all([...readers, Promise.all(writers).finally(() => (writing = false))]);
  expect(ended.size).toBe(30);
  expect(reads).toBeGreaterThan(30);
}, 120_000);

test('a session that one process deletes is gone in every process, and a new one of its id is another session', async () => {
  const { one, two } = await startNodes();
  for (const [deleting, reading] of [
    [one.http, two.http],
    [two.http, one.http],
    [one.http, one.http],
  ] as const) {
    await say(deleting, 'again', 'before');
    expect(await promptsIn(reading, 'again')).toEqual(['before']);
    expect((await deleting.delete('/api/vps/sessions/again')).status).toBe(204);

    expect((await read(reading, 'again')).status).toBe(404);
    await say(deleting, 'again', 'after');
    expect(await promptsIn(reading, 'again')).toEqual(['after']);
    expect((await deleting.delete('/api/vps/sessions/again')).status).toBe(204);
  }
}, 120_000);

test('a cached session only needs one describe: it can be read while no worker can answer queries, unlike an uncached one', async () => {
  const { one, two } = await startNodes({ HOLDFAST_EMBEDDED_WORKER: 'off' });
  for (const session of ['known', 'unknown']) await say(two.http, session, 'hello');
  // The first read tells the session how its call ended; after that the session is idle.
  expect(await promptsIn(one.http, 'known')).toEqual(['hello']);
  expect(await promptsIn(one.http, 'known')).toEqual(['hello']);

  two.process.kill('SIGKILL'); // A node that stops in good order would tell the session once more.
  await two.process.exited;

  expect(await promptsIn(one.http, 'known')).toEqual(['hello']);
  expect((await read(one.http, 'unknown')).status).toBe(503);
}, 120_000);

test('a long session is read from the cache completely, with or without its payload store, and the cache is bounded', async () => {
  const turns = Array.from({ length: 300 }, (_, turn) => `turn ${turn}`);
  const { one, two, store } = await startNodes({ HOLDFAST_SESSION_CACHE_BYTES: String(400 * 1024) });
  const at = new Date().toISOString();
  const message = (role: string) => (turn: string) => ({ timestamp: at, role, content: turn.padEnd(600) });
  const messages = turns.flatMap((turn) => [message('user')(turn), message('assistant')(turn)]);
  const session = { created_at: at, last_activity: at, messages };
  const imported = await two.http.post('/api/vps/sessions/import', { sessions: { long: session } });
  expect(imported.body).toMatchObject({ imported: 1 });
  const expected = turns.map((turn) => turn.padEnd(600));
  for (const http of [one.http, two.http, one.http, two.http])
    expect(await promptsIn(http, 'long')).toEqual(expected);

  await rename(store, `${store}.away`);
  try {
    expect(await promptsIn(two.http, 'long')).toEqual(expected);
    // A quarter of the cache is less than this session, so the rest is read from the store every time.
    expect((await read(one.http, 'long')).status).not.toBe(200);
  } finally {
    await rename(`${store}.away`, store);
  }
  await say(two.http, 'long', 'and on');
  for (const http of [one.http, two.http])
    expect(await promptsIn(http, 'long')).toEqual([...expected, 'and on']);
}, 120_000);

test('without a cache every read is a query', async () => {
  const { one, two } = await startNodes({ HOLDFAST_SESSION_CACHE_BYTES: '0' });
  for (let turn = 1; turn <= 3; turn++) {
    await say(two.http, 'asked', `turn ${turn}`);
    expect(await promptsIn(one.http, 'asked')).toHaveLength(turn);
  }
}, 120_000);
