import { expect, test } from 'vitest';
import type { ResolveAll } from '../../src/agents/http/guarded-lookup.ts';
import {
  agentErrorOf,
  askOnce,
  closedPort,
  configOf,
  openAgent,
  openRawServer,
  openTransport,
  question,
} from './support.ts';

const resolvesTo =
  (...addresses: string[]): ResolveAll =>
  (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

test('a port where nothing listens fails as connection, and the error text names the port', async () => {
  const port = await closedPort();
  const error = await agentErrorOf(askOnce({ host: '127.0.0.1', port }));
  expect(error.type).toBe('connection');
  expect(error.message).toContain(`http://127.0.0.1:${port}`);
  expect(error.message).toContain('ECONNREFUSED');
});

test('every question of a burst ends when the agent is down, more of them than connections', async () => {
  const transport = openTransport({ connectionsPerOrigin: 2 });
  const agent = configOf({ host: '127.0.0.1', port: await closedPort() });
  const burst = Array.from({ length: 30 }, () => agentErrorOf(transport.ask(question(agent))));
  for (const error of await Promise.all(burst)) expect(error.type).toBe('connection');
});

test('a host name that does not resolve fails as connection', async () => {
  const resolve: ResolveAll = (hostname, _options, callback) =>
    callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), []);
  const agent = configOf({ host: 'nowhere.invalid', port: 80 });
  const error = await agentErrorOf(openTransport({ resolve }).ask(question(agent)));
  expect(error).toMatchObject({ type: 'connection' });
  expect(error.message).toContain('does not resolve');
});

test('a connection that is reset before the answer fails as connection', async () => {
  const agent = await openAgent(() => ({ reset: true }));
  expect((await agentErrorOf(askOnce(agent))).type).toBe('connection');
});

test.each([
  ['before the answer', ''],
  ['inside the headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ['inside a body of known length', 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"content":"hi"}'],
  ['inside a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{"content":"hi"}'],
  [
    'inside a chunk of a connection that closes anyway',
    'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{"content":"hi"}',
  ],
  [
    'inside a body of known length of a connection that closes anyway',
    'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 50\r\n\r\n{"content":"hi"}',
  ],
])('a connection that the agent closes %s is connection', async (_where, bytes) => {
  const server = await openRawServer((socket) => socket.end(bytes));
  expect((await agentErrorOf(askOnce(server))).type).toBe('connection');
});

test('a connection that is reset within the answer fails as connection', async () => {
  const server = await openRawServer((socket) =>
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"con', () => socket.resetAndDestroy()),
  );
  expect((await agentErrorOf(askOnce(server))).type).toBe('connection');
});

test('an error status stands although its body breaks off', async () => {
  const server = await openRawServer((socket) =>
    socket.end('HTTP/1.1 429 Too Many\r\nretry-after: 3\r\ncontent-length: 50\r\n\r\nslow down'),
  );
  const error = await agentErrorOf(askOnce(server));
  expect(error).toMatchObject({ type: 'rate_limit', retryAfterMs: 3_000 });
  expect(error.message).toContain('slow down');
});

test('an error status stands although its body never ends', async () => {
  const server = await openRawServer((socket) =>
    socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 50\r\n\r\nbroken'),
  );
  expect(await agentErrorOf(askOnce(server))).toMatchObject({
    type: 'model_error',
    message: 'The agent answered 500: broken',
  });
});

test('an agent that does not accept the connection in time fails as connection', async () => {
  const resolve: ResolveAll = () => undefined; // Never answers.
  const transport = openTransport({ resolve, connectTimeoutMs: 50 });
  const error = await agentErrorOf(transport.ask(question(configOf({ host: 'slow.example', port: 80 }))));
  expect(error).toMatchObject({ type: 'connection' });
  expect(error.message).toContain('no connection in time');
});

test.each(['169.254.169.254', '0xa9fea9fe', '[::ffff:a9fe:a9fe]', 'metadata.google.internal', 'user@host'])(
  'the host %s, should it ever have been registered, is connection and never reached',
  async (host) => {
    const error = await agentErrorOf(askOnce({ host, port: 80 }));
    expect(error.type).toBe('connection');
    expect(error.message).toContain("The agent's address is refused");
  },
);

test('a name that resolves to a refused address fails as connection, and the error says so', async () => {
  const transport = openTransport({ resolve: resolvesTo('169.254.169.254', 'fd00:ec2::254') });
  const error = await agentErrorOf(transport.ask(question(configOf({ host: 'sly.example', port: 80 }))));
  expect(error).toMatchObject({ type: 'connection', cause: undefined });
  expect(error.message).toContain('the address of sly.example is refused: 169.254.169.254 is a link-local');
});

test('a name with refused and allowed addresses is reached at the allowed one', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  const transport = openTransport({ resolve: resolvesTo('169.254.169.254', '127.0.0.1') });
  const config = configOf({ host: 'agent.example', port: agent.port });
  expect(await transport.ask(question(config))).toBe('hi');
});

test('an agent that comes back on its port is reached again', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  const transport = openTransport();
  const ask = (): Promise<string> => transport.ask(question(configOf(agent)));
  expect(await ask()).toBe('hi');
  await agent.stop();
  expect((await agentErrorOf(ask())).type).toBe('connection');
  await agent.start();
  expect(await ask()).toBe('hi');
});
