import { expect, test } from 'vitest';
import type { ResolveAll } from '../../src/agents/http/guarded-lookup.ts';
import { configOf, openAgent, openRawServer, openTransport, question } from './support.ts';

class Given extends Error {}

test('an abort rethrows its reason and closes the socket at the agent', async () => {
  const agent = await openAgent(() => ({ hang: true }));
  const controller = new AbortController();
  const reason = new Given('enough');
  const asked = openTransport().ask(question(configOf(agent), { signal: controller.signal }));
  await agent.waitForRequests(1);
  controller.abort(reason);
  await expect(asked).rejects.toBe(reason);
  await agent.waitForAborts(1);
  expect(agent.requests[0]).toMatchObject({ aborted: true });
});

test('an abort inside of the answer rethrows its reason and closes the socket', async () => {
  let closed = (): void => undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  let started = (): void => undefined;
  const answering = new Promise<void>((resolve) => (started = resolve));
  const server = await openRawServer((socket) => {
    socket.on('close', () => closed());
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"con', () => started());
  });
  const controller = new AbortController();
  const reason = new Given('enough');
  const asked = openTransport().ask(question(configOf(server), { signal: controller.signal }));
  await answering;
  controller.abort(reason);
  await expect(asked).rejects.toBe(reason);
  await gone;
});

test('a signal that is aborted already asks nothing', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  const reason = new Given('too late');
  const asked = openTransport().ask(question(configOf(agent), { signal: AbortSignal.abort(reason) }));
  await expect(asked).rejects.toBe(reason);
  expect(agent.requests).toHaveLength(0);
});

test('a question that waits for a connection ends at once when aborted, and is never sent', async () => {
  const agent = await openAgent(() => ({ hang: true }));
  const transport = openTransport({ connectionsPerOrigin: 1 });
  const first = new AbortController();
  const held = transport.ask(question(configOf(agent), { signal: first.signal }));
  await agent.waitForRequests(1);

  const second = new AbortController();
  const waiting = transport.ask(question(configOf(agent), { signal: second.signal }));
  const reason = new Given('not worth waiting');
  second.abort(reason);
  await expect(waiting).rejects.toBe(reason);

  first.abort(new Given('done'));
  await expect(held).rejects.toThrow('done');
  await agent.waitForAborts(1);
  expect(agent.requests).toHaveLength(1);
});

test('a question whose host does not resolve yet ends at once when aborted', async () => {
  let asked = (): void => undefined;
  const resolving = new Promise<void>((resolve) => (asked = resolve));
  const resolve: ResolveAll = () => asked();
  const controller = new AbortController();
  const config = configOf({ host: 'slow.example', port: 80 });
  const answer = openTransport({ resolve }).ask(question(config, { signal: controller.signal }));
  await resolving;
  const reason = new Given('enough');
  controller.abort(reason);
  await expect(answer).rejects.toBe(reason);
});

test('an abort after the answer changes nothing', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  const controller = new AbortController();
  const asked = openTransport().ask(question(configOf(agent), { signal: controller.signal }));
  expect(await asked).toBe('hi');
  controller.abort(new Given('too late'));
  expect(agent.aborts).toBe(0);
});

test('one aborted question leaves the others of its agent alone', async () => {
  const agent = await openAgent(async ({ attempt }) => {
    if (attempt === 1) return { hang: true };
    await agent.waitForAborts(1);
    return { body: { content: 'hi' } };
  });
  const transport = openTransport();
  const controller = new AbortController();
  const first = transport.ask(question(configOf(agent), { signal: controller.signal }));
  await agent.waitForRequests(1);
  const others = Array.from({ length: 5 }, () => transport.ask(question(configOf(agent))));
  await agent.waitForRequests(6);
  controller.abort(new Given('enough'));
  await expect(first).rejects.toThrow('enough');
  expect(await Promise.all(others)).toEqual(Array(5).fill('hi'));
});
