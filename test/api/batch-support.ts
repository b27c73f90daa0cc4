/** Failed calls and batches of reruns, as several tests need them. */
import { expect } from 'vitest';
import type { ScriptedRequest } from '../agents/scripted-agent.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import type { NodeInUse } from './use-node.ts';

export const fast = { rate_per_second: 100, max_in_flight: 20 };
export const promptOf = ({ body }: ScriptedRequest): string =>
  (body as { messages: { content: string }[] }).messages.at(-1)?.content ?? '';

/** Calls of this agent that failed, as visibility lists them. */
export async function failedCalls(
  node: NodeInUse,
  agent_name: string,
  count: number,
  more: Json = {},
): Promise<string[]> {
  await node.agent(agent_name, () => ({ status: 401 }));
  const ask = async (i: number) =>
    String((await node.http.call({ agent_name, prompt: `${agent_name} ${i}`, ...more })).body.call_id);
  const ids = await Promise.all(Array.from({ length: count }, (_, i) => ask(i)));
  const listed = async () =>
    (await node.http.get(`/api/vps/calls?agent=${agent_name}&status=failed&limit=200`)).body.calls as Json[];
  await expect.poll(async () => (await listed()).length).toBe(count);
  return ids;
}

export async function startBatch(http: HttpClient, body: Json): Promise<string> {
  const answer = await http.post('/api/vps/reruns', { ...fast, ...body });
  expect(answer.status).toBe(202);
  expect(answer.headers.get('Location')).toBe(`/api/vps/reruns/${String(answer.body.batch_id)}`);
  return String(answer.headers.get('Location'));
}

export async function endedBatch(http: HttpClient, path: string): Promise<Json & { items: Json[] }> {
  const read = async () => (await http.get(path)).body as Json & { items: Json[] };
  await expect.poll(async () => (await read()).status, { timeout: 60_000 }).not.toBe('running');
  return read();
}
