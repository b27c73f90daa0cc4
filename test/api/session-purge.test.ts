/** Deleting a session together with the histories of its calls, where its prompts also are. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CallDeletions } from '../../src/services/sessions/call-deletions.ts';
import { SessionDeletions } from '../../src/services/sessions/session-deletions.ts';
import type { Temporal } from '../../src/services/temporal/rpc.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { TextStore } from '../../src/payloads/text-store.ts';
import type { Json } from '../rig/http-client.ts';
import { gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

const node = useNode();

const callIn = async (session_id: string): Promise<string> =>
  (await node.http.call({ agent_name: 'agent', prompt: 'x', session_id })).body.call_id as string;
const statuses = (ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await node.http.get(`/api/vps/calls/${id}`)).status));
const remove = async (id: string, query = ''): Promise<number> =>
  (await node.http.delete(`/api/vps/sessions/${encodeURIComponent(id)}${query}`)).status;

// Temporal deletes in the background: the calls are gone when it is answered, which may take seconds.
it(
  'calls=true deletes the ended calls of that session, whatever its id, and of no other',
  { timeout: 120_000 },
  async () => {
    await node.agent('agent', says('hello'));
    const purged = await Promise.all(Array.from({ length: 35 }, () => callIn("'purged'")));
    const kept = [await callIn('purged'), await callIn("purged'"), await callIn('plainly deleted')];

    expect(await remove("'purged'", '?calls=true')).toBe(204);

    expect(new Set(await statuses(purged))).toEqual(new Set([404]));
    expect(await remove('plainly deleted')).toBe(204);
    expect(await statuses(kept)).toEqual([200, 200, 200]);
    const left = async (): Promise<unknown[]> =>
      ((await node.http.get('/api/vps/calls?status=completed')).body.calls as Json[])
        .map(({ call_id }) => call_id)
        .sort();
    await expect.poll(left).toEqual([...kept].sort());
  },
);

it(
  'calls=true of a session that is gone deletes what is left of its calls, and only then is it not found',
  { timeout: 120_000 },
  async () => {
    const left = await callIn('deleted before');
    expect(await remove('deleted before')).toBe(204);
    expect(await statuses([left])).toEqual([200]);
    const listed = async (): Promise<unknown[]> =>
      (await node.http.get('/api/vps/calls?session=deleted%20before&status=completed')).body
        .calls as unknown[];
    await expect.poll(listed).toHaveLength(1);

    expect(await remove('deleted before', '?calls=true')).toBe(204);

    expect(await statuses([left])).toEqual([404]);
    expect(await remove('deleted before', '?calls=true')).toBe(404);
    expect(await remove('deleted before')).toBe(404);
  },
);

it(
  'calls=true leaves a call under way, and those of a later session of that id',
  { timeout: 120_000 },
  async () => {
    const gate = gated('at last');
    const slow = await node.agent('slow', gate.script);
    const before = await callIn('busy');
    const body = { agent_name: 'slow', prompt: 'x', session_id: 'busy' };
    const running = node.http.call(body);
    await slow.waitForRequests(1);

    const removal = remove('busy', '?calls=true');
    await expect.poll(async () => (await node.http.get('/api/vps/sessions/busy')).status).toBe(404);
    gate.open();

    const { call_id, session_stored } = (await running).body;
    expect(await removal).toBe(204);
    expect(session_stored).toBe(false);
    const after = await callIn('busy');
    expect(await statuses([before, String(call_id), after])).toEqual([404, 200, 200]);
  },
);

// What a DELETE does that found no session, while the next call of that id makes one.
it('deletes what is left of a removed session, but no call of the life that began since', async () => {
  const [left, current] = [await callIn('again'), remove('again').then(() => callIn('again'))];
  const kept = await current;
  const temporal: Temporal = {
    client: node.temporal,
    namespace: node.temporal.options.namespace,
    taskQueue: 'unused',
  };
  const texts = new TextStore(createFileStore(join(node.dataDir, 'payloads')), 1_000);
  const deleted: string[] = [];
  const calls = new CallDeletions(temporal, texts, (callId) => deleted.push(callId), undefined, 20_000);
  const deletions = new SessionDeletions(temporal, texts, calls);
  const listed = async (): Promise<unknown[]> =>
    (await node.http.get('/api/vps/calls?session=again&status=completed')).body.calls as unknown[];
  await expect.poll(listed).toHaveLength(2);

  expect(await deletions.finishLeft('again', { withCalls: true })).toBe('deleted');

  expect(await statuses([left, kept])).toEqual([404, 200]);
  expect(deleted).toEqual([left]);
});
