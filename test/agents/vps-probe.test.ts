import { expect, test } from 'vitest';
import type { AgentConfig } from '../../src/domain/agent.ts';
import { agentErrorOf, closedPort, configOf, openAgent, openRawServer, openTransport } from './support.ts';

const never = new AbortController().signal;
const healthy = (address: { host: string; port: number }): AgentConfig =>
  configOf(address, { healthPath: '/healthz' });

test.each([200, 202, 204])('a probe is a GET of the health path, content with a %i', async (status) => {
  const agent = await openAgent(() => ({ status, body: status === 204 ? '' : 'fine' }));
  await openTransport().probe(healthy(agent), never);
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
  expect((await agentErrorOf(openTransport().probe(healthy(agent), never))).type).toBe(type);
});

test('a probe of an agent that is down fails as connection', async () => {
  const agent = healthy({ host: '127.0.0.1', port: await closedPort() });
  expect((await agentErrorOf(openTransport().probe(agent, never))).type).toBe('connection');
});

test('a probe of a refused address fails as connection', async () => {
  const agent = healthy({ host: '169.254.169.254', port: 80 });
  expect((await agentErrorOf(openTransport().probe(agent, never))).type).toBe('connection');
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
