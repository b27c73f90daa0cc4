/** Deleting a session together with the histories of its calls, where its prompts also are. */
import { expect, it } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

const node = useNode();

// Temporal deletes in the background, once its queues have passed the call's end: about half a minute later.
it(
  'calls=true deletes the ended calls of that session, whatever its id, and of no other',
  { timeout: 120_000 },
  async () => {
    await node.agent('agent', says('hello'));
    const callIn = async (session_id: string): Promise<string> =>
      (await node.http.call({ agent_name: 'agent', prompt: 'x', session_id })).body.call_id as string;
    const purged = [await callIn("'purged'"), await callIn("'purged'")];
    const kept = [await callIn('purged'), await callIn("purged'"), await callIn('plainly deleted')];
    const statuses = (ids: readonly string[]) =>
      Promise.all(ids.map(async (id) => (await node.http.get(`/api/vps/calls/${id}`)).status));
    const completed = async (): Promise<number> =>
      ((await node.http.get('/api/vps/calls?status=completed')).body.calls as Json[]).length;
    await expect.poll(completed).toBe(5);

    const remove = async (id: string, query = ''): Promise<number> =>
      (await node.http.delete(`/api/vps/sessions/${encodeURIComponent(id)}${query}`)).status;
    expect(await remove("'purged'", '?calls=true')).toBe(204);
    expect(await remove('plainly deleted')).toBe(204);

    await expect.poll(() => statuses(purged), { timeout: 100_000, interval: 500 }).toEqual([404, 404]);
    expect(await statuses(kept)).toEqual([200, 200, 200]);
    await expect.poll(completed).toBe(3);
  },
);
