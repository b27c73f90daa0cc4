/** Receivers that stall, trickle, never end or speak no HTTP: none holds a sender longer than its time limit. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openRawServer } from '../agents/support.ts';
import { eventTo, openReceiver, openSender, sendOnce } from './support.ts';

const never = new AbortController().signal;
const timeoutMs = 400;
/** How much later than its limit a `send` may end on a busy machine. */
const slackMs = 1_500;

async function urlOf(serve: (socket: Socket) => void): Promise<string> {
  const { port } = await openRawServer(serve);
  return `http://127.0.0.1:${port}/`;
}

/** Writes the piece again and again until the connection is closed. */
function keepWriting(socket: Socket, piece: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(piece), everyMs);
  socket.on('close', () => clearInterval(timer));
  onTestFinished(() => clearInterval(timer));
}

test.each<[string, (socket: Socket) => void]>([
  ['answers nothing', () => undefined],
  ['trickles its status line', (socket) => keepWriting(socket.setNoDelay(), 'H', 10_000)],
  [
    'trickles headers',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx: ');
      keepWriting(socket, 'a', 20);
    },
  ],
  ['sends interim answers for ever', (socket) => keepWriting(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n', 20)],
])('a receiver that %s is a timeout, and its connection is closed', async (_what, serve) => {
  const closed: Promise<unknown>[] = [];
  const url = await urlOf((socket) => {
    closed.push(once(socket, 'close'));
    serve(socket);
  });
  const result = await sendOnce(url, { timeoutMs });
  expect(result).toMatchObject({ ok: false, error: 'timeout after 0.4 s' });
  expect(result.ms).toBeGreaterThanOrEqual(timeoutMs - 5);
  expect(result.ms).toBeLessThan(timeoutMs + slackMs);
  await closed[0];
});

test('a TLS handshake that never ends is a timeout', async () => {
  const { port } = await openRawServer(() => undefined);
  const result = await sendOnce(`https://127.0.0.1:${port}/`, { timeoutMs });
  expect(result).toMatchObject({
    ok: false,
    error: expect.stringMatching(/timeout|no connection in time/) as string,
  });
});

test('a receiver that does not read a large body is a timeout', async () => {
  const { port } = await openRawServer((socket) => void socket.pause());
  const event = eventTo(`http://127.0.0.1:${port}/`, { body: JSON.stringify('x'.repeat(16_000_000)) });
  expect(await openSender({ timeoutMs: 2_000 }).send(event, never)).toMatchObject({
    error: 'timeout after 2 s',
  });
});

test.each<[string, (socket: Socket) => void]>([
  [
    'never ends',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      keepWriting(socket, `400\r\n${'a'.repeat(1_024)}\r\n`, 5);
    },
  ],
  [
    'trickles',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      keepWriting(socket, '1\r\na\r\n', 50);
    },
  ],
  [
    'is announced as huge',
    (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n'),
  ],
  ['is cut off', (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc')],
  [
    'is no chunk',
    (socket) => void socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
  ],
])('a success whose body %s is a success, soon, and its connection is closed', async (_what, serve) => {
  const closed: Promise<unknown>[] = [];
  const url = await urlOf((socket) => {
    closed.push(once(socket, 'close'));
    serve(socket);
  });
  const begin = Date.now();
  expect(await sendOnce(url, { timeoutMs: 10_000 })).toMatchObject({ ok: true, status: 200 });
  expect(Date.now() - begin).toBeLessThan(1_000 + slackMs);
  await closed[0];
});

test.each<[string, string, RegExp]>([
  [
    'has huge headers',
    `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`,
    /^the headers of the answer are too large$/,
  ],
  ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', /^the answer is no proper HTTP\/1\.1$/],
  [
    'upgrades unasked',
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    /^the answer is no proper/,
  ],
  ['closes before an answer', '', /^the connection was closed before the answer was complete/],
  ['closes within its headers', 'HTTP/1.1 200 OK\r\nx: ', /^the (connection was closed|answer is no proper)/],
])('a receiver that %s is a failure in a few words', async (_what, bytes, text) => {
  const result = await sendOnce(await urlOf((socket) => void socket.end(bytes)));
  expect(result).toMatchObject({ ok: false, error: expect.stringMatching(text) as string });
});

test('a reset connection is a failure', async () => {
  const result = await sendOnce(await urlOf((socket) => void socket.resetAndDestroy()));
  expect(result).toMatchObject({ ok: false, error: expect.stringMatching(/reset|closed/) as string });
});

test('a receiver that hangs takes no connection from another', async () => {
  const [slow, quick] = [await openReceiver(() => undefined), await openReceiver()];
  const sender = openSender({ timeoutMs: 2_000 });
  const stuck = Array.from({ length: 100 }, () =>
    sender.send(eventTo(slow.url), new AbortController().signal),
  );
  await expect.poll(() => slow.received.length).toBe(64);
  await pause(100);
  expect(await sender.send(eventTo(quick.url), never)).toMatchObject({ ok: true });
  expect(slow.received).toHaveLength(64);
  for (const result of await Promise.all(stuck))
    expect(result).toMatchObject({ ok: false, error: 'timeout after 2 s' });
});
