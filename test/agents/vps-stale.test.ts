/** Connections that the agent closes while they are idle: one more request on a new one, within the same try. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { AgentTransport } from '../../src/agents/transport.ts';
import type { AgentConfig } from '../../src/domain/agent.ts';
import { agentErrorOf, configOf, openTransport, question } from './support.ts';

/** `onIt`: which request of its connection it is, from 1. */
type Serve = (socket: Socket, onIt: number) => void;

interface RequestServer {
  readonly host: string;
  readonly port: number;
  /** The requests as they were sent, one list for each connection. */
  readonly connections: string[][];
}

async function openServer(serve: Serve): Promise<RequestServer> {
  const connections: string[][] = [];
  const server = createServer((socket) => {
    const requests: string[] = [];
    connections.push(requests);
    onTestFinished(() => void socket.destroy());
    // Each request of these tests fits into one piece.
    socket.on('error', () => undefined).on('data', (chunk) => serve(socket, requests.push(chunk.toString())));
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, connections };
}

const answer = (headers = ''): string =>
  `HTTP/1.1 200 OK\r\n${headers}content-length: 16\r\n\r\n{"content":"hi"}`;
/** Answers what comes first over a connection. */
const first =
  (then: (socket: Socket) => void): Serve =>
  (socket, onIt) =>
    onIt === 1 ? void socket.write(answer()) : then(socket);

/** Until the connection is idle again, one turn of the event loop later. */
async function askFirst(transport: AgentTransport, agent: AgentConfig, count = 1): Promise<void> {
  const asked = Array.from({ length: count }, () => transport.ask(question(agent)));
  expect(await Promise.all(asked)).toEqual(Array(count).fill('hi'));
  await setImmediate();
}

const closings: [string, (socket: Socket) => void][] = [
  ['closes', (socket) => void socket.end()],
  ['resets', (socket) => void socket.resetAndDestroy()],
];

test.each(closings)(
  'a connection that has served and that the agent %s instead of an answer costs no try',
  async (_how, close) => {
    const server = await openServer(first(close));
    const transport = openTransport();
    await askFirst(transport, configOf(server));
    expect(await transport.ask(question(configOf(server), { idempotencyKey: 'call-2/writer' }))).toBe('hi');
    expect(server.connections.map((requests) => requests.length)).toEqual([2, 1]);
    const [[, stale], [again]] = server.connections as [string[], string[]];
    expect(again).toMatch(/idempotency-key: call-2\/writer\r\n/);
    expect(again?.replace(/connection: .*\r\n/, '')).toBe(stale?.replace(/connection: .*\r\n/, ''));
  },
);

test.each(closings)('a new connection that the agent %s is one failed try', async (_how, close) => {
  const server = await openServer(close);
  const error = await agentErrorOf(openTransport().ask(question(configOf(server))));
  expect(error.type).toBe('connection');
  expect(server.connections.map((requests) => requests.length)).toEqual([1]);
});

test('the repeated request goes out on a new connection, even if other idle connections are stale too', async () => {
  const waiting: Socket[] = [];
  const server = await openServer((socket, onIt) => {
    if (onIt > 1) socket.resetAndDestroy();
    else if (server.connections.length > 3) socket.write(answer());
    else if (waiting.push(socket) === 3) for (const one of waiting) one.write(answer());
  });
  const transport = openTransport();
  await askFirst(transport, configOf(server), 3);
  expect(server.connections.map((requests) => requests.length)).toEqual([1, 1, 1]);
  expect(await transport.ask(question(configOf(server)))).toBe('hi');
  expect(server.connections.map((requests) => requests.length).toSorted()).toEqual([1, 1, 1, 2]);
});

test('a second reset in the same try fails the try', async () => {
  const server = await openServer((socket, onIt) => {
    if (onIt === 1 && server.connections.length === 1) socket.write(answer());
    else socket.resetAndDestroy();
  });
  const transport = openTransport();
  await askFirst(transport, configOf(server));
  expect((await agentErrorOf(transport.ask(question(configOf(server))))).type).toBe('connection');
  expect(server.connections.map((requests) => requests.length)).toEqual([2, 1]);
});

test.each([
  ['one byte of its status line', 'H'],
  ['half of its head', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ['half of its body', 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"content":"hi"}'],
])('an answer that breaks off after %s is a failed try, not asked for again', async (_what, bytes) => {
  const server = await openServer(first((socket) => socket.end(bytes)));
  const transport = openTransport();
  await askFirst(transport, configOf(server));
  expect((await agentErrorOf(transport.ask(question(configOf(server))))).type).toBe('connection');
  expect(server.connections.map((requests) => requests.length)).toEqual([2]);
});

test('an abort on a reused connection does not repeat the request', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const server = await openServer(first(() => controller.abort(reason)));
  const transport = openTransport();
  await askFirst(transport, configOf(server));
  const asked = transport.ask(question(configOf(server), { signal: controller.signal }));
  await expect(asked).rejects.toBe(reason);
  await askFirst(transport, configOf(server));
  expect(server.connections.flat()).toHaveLength(3);
});

test('a probe over a connection that the agent has closed is sent once more, too', async () => {
  const server = await openServer(first((socket) => socket.resetAndDestroy()));
  const transport = openTransport();
  const agent = configOf(server, { healthPath: '/healthz' });
  await askFirst(transport, agent);
  expect(await transport.probe(agent, new AbortController().signal)).toBe(200);
  expect(server.connections.map((requests) => requests.length)).toEqual([2, 1]);
});

test.each([
  ['that an agent closes within a second', 'keep-alive: timeout=1\r\n', 2],
  ['that an agent keeps for a minute', 'keep-alive: timeout=60\r\n', 1],
])(
  'a connection %s, as its Keep-Alive says, serves one of two questions or both',
  async (_, headers, count) => {
    const server = await openServer((socket) => socket.write(answer(headers)));
    const transport = openTransport();
    await askFirst(transport, configOf(server));
    await transport.ask(question(configOf(server)));
    expect(server.connections).toHaveLength(count);
  },
);
