import { expect, test } from 'vitest';
import { openAgent } from './support.ts';

const url = (agent: { host: string; port: number }): string =>
  `http://${agent.host}:${agent.port}/v1/messages`;

test('the script sees each request with its overall number, and the ledger keeps it', async () => {
  const agent = await openAgent(({ attempt }) => ({
    status: 200 + attempt,
    headers: { 'x-a': 'b' },
    body: [1],
  }));
  const ask = (): Promise<Response> =>
    fetch(url(agent), { method: 'POST', body: '{"q":1}', headers: { 'idempotency-key': 'k/1' } });
  const first = await ask();
  expect([first.status, first.headers.get('x-a'), await first.json()]).toEqual([201, 'b', [1]]);
  expect((await ask()).status).toBe(202);
  expect(agent.requests).toMatchObject([
    { attempt: 1, callKey: 'k/1', body: { q: 1 }, aborted: false },
    { attempt: 2, callKey: 'k/1', body: { q: 1 } },
  ]);
});

test('a request that the client gives up is an abort', async () => {
  const agent = await openAgent(() => ({ hang: true }));
  const controller = new AbortController();
  const asked = fetch(url(agent), { signal: controller.signal });
  await agent.waitForRequests(1);
  expect(agent.aborts).toBe(0);
  controller.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
  await agent.waitForAborts(1);
  expect(agent.requests[0]?.closedAt).toBeGreaterThanOrEqual(agent.requests[0]?.startedAt ?? Infinity);
});

test('a reset and a stop cut the connection and are no abort by the client', async () => {
  const agent = await openAgent(({ attempt }) => (attempt === 1 ? { reset: true } : { hang: true }));
  await expect(fetch(url(agent))).rejects.toThrow();
  const hanging = fetch(url(agent));
  await agent.waitForRequests(2);
  await Promise.all([expect(hanging).rejects.toThrow(), agent.stop()]);
  expect(agent.aborts).toBe(0);
});

test('a stopped agent refuses connections and starts again on the same port with its ledger', async () => {
  const agent = await openAgent(() => ({ body: 'hi' }));
  const { port } = agent;
  await fetch(url(agent));
  await agent.stop();
  await expect(fetch(url(agent))).rejects.toThrow();
  await agent.start();
  expect(agent.port).toBe(port);
  expect(await (await fetch(url(agent))).text()).toBe('hi');
  expect(agent.requests).toHaveLength(2);
});

test('a script that throws is a 500', async () => {
  const agent = await openAgent(() => {
    throw new Error('oops');
  });
  const reply = await fetch(url(agent));
  expect([reply.status, await reply.json()]).toEqual([500, { error: 'The script threw: Error: oops' }]);
});
