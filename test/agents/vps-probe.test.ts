import { expect, test } from 'vitest';
import type { AgentConfig } from '../../src/domain/agent.ts';
import { agentErrorOf, closedPort, configOf, openAgent, openRawServer, openTransport } from './support.ts';

const never = new AbortController().signal;
const healthy = (address: { host: string; port: number }): AgentConfig =>
  configOf(address, { healthPath: '/healthz' });

test.each([200, 202, 204])('a probe is a GET of the health path, content with a %i', async (status) => {
  const agent = await openAgent(() => ({ status, body: status === 204 ? '' : 'fine' }));
  expect(await openTransport().probe(healthy(agent), never)).toBe(status);
  expect(agent.requests).toMatchObject([{ method: 'GET', path: '/healthz', body: '' }]);
  expect(agent.requests[0]?.headers).not.toHaveProperty('authorization');
});

test.each([
  [301, 'invalid_response'],
  [401, 'auth'],
  [404, 'invalid_request'],
  [429, 'rate_limit'],
  [503, 'model_error'],
])('a probe answered %i fails as %s', async (status, type) => {
  const agent = await openAgent(() => ({ status }));
  const error = await agentErrorOf(openTransport().probe(healthy(agent), never));
  expect(error).toMatchObject({ type, statusCode: status });
});

test('a probe of an agent that is down fails as connection', async () => {
  const agent = healthy({ host: '127.0.0.1', port: await closedPort() });
  expect((await agentErrorOf(openTransport().probe(agent, never))).type).toBe('connection');
});

test('a probe of a refused address fails as connection', async () => {
  const agent = healthy({ host: '169.254.169.254', port: 80 });
  expect((await agentErrorOf(openTransport().probe(agent, never))).type).toBe('connection');
});

test('a connection is opened without a request, and closed again', async () => {
  const server = await openRawServer(() => expect.unreachable('nothing is sent'));
  await openTransport().connect(configOf(server), never);
  await expect.poll(() => server.sockets.size).toBe(1);
  await expect
    .poll(() => [...server.sockets].every((socket) => socket.readableEnded || socket.destroyed))
    .toBe(true);
});

test.each([
  ['is down', undefined, /ECONNREFUSED/],
  ['has a refused address', { host: '169.254.169.254', port: 80 }, /address is refused/],
  ['has a name of a refused address', { host: 'agent.test', port: 80 }, /address.*is refused/],
])('a connection to an agent that %s fails as connection', async (_what, address, message) => {
  const transport = openTransport({
    resolve: (_name, _options, done) => done(null, [{ address: '169.254.169.254', family: 4 }]),
  });
  const error = await agentErrorOf(
    transport.connect(configOf(address ?? { host: '127.0.0.1', port: await closedPort() }), never),
  );
  expect(error.type).toBe('connection');
  expect(error.message).toMatch(message);
});

test('a connection to a server that does not speak TLS fails as connection where the agent is https', async () => {
  const server = await openRawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const error = await agentErrorOf(openTransport().connect(configOf(server, { protocol: 'https' }), never));
  expect(error.type).toBe('connection');
});

test('a probe does not read an endless health page', async () => {
  let closed = (): void => undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const server = await openRawServer((socket) => {
    socket.on('close', () => closed());
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n${'x'.repeat(100_000)}`);
  });
  await openTransport().probe(healthy(server), never);
  await gone;
});

test('an aborted probe rethrows the reason', async () => {
  const agent = await openAgent(() => ({ hang: true }));
  const controller = new AbortController();
  const probed = openTransport().probe(healthy(agent), controller.signal);
  await agent.waitForRequests(1);
  controller.abort(new Error('enough'));
  await expect(probed).rejects.toThrow('enough');
  await agent.waitForAborts(1);
});
