import { connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { ConnectionBounds } from '../../src/api/http/connections.ts';
import { closeServer, listen } from '../../src/node/listen.ts';
import { StartupError } from '../../src/platform/startup-error.ts';

const bounds: ConnectionBounds = {
  headersMs: 10_000,
  bodyStallMs: 20_000,
  bodyBytesPerSecond: 1_024,
  idleMs: 60_000,
  maxIdle: 100,
};

async function open(
  app: RequestListener = (_request, response) => void response.end('here'),
  narrower: Partial<ConnectionBounds> = {},
) {
  const server = await listen(app, '127.0.0.1', 0, { ...bounds, ...narrower });
  onTestFinished(() => closeServer(server));
  return { server, port: (server.address() as AddressInfo).port };
}

/** A client that writes raw bytes. `text` is the answer, once the connection has ended. */
async function join(port: number) {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  const over = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await once(socket, 'connect');
  const until = (pattern: RegExp) => expect.poll(() => text, { timeout: 20_000 }).toMatch(pattern);
  return { socket, over, until };
}

/** Writes a byte from time to time until the connection has ended. */
function trickle(socket: Socket): void {
  const timer = setInterval(() => socket.write('x'), 20);
  socket.once('close', () => clearInterval(timer));
}

/** A handler that answers with the number of bytes in the body. */
const counting: RequestListener = (request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('error', () => undefined);
  request.on('end', () => response.end(`had ${bytes}`));
};
const post = (bytes: number): string => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`;

async function refusalOf(host: string, port: number): Promise<string> {
  const error: unknown = await listen(() => undefined, host, port, bounds).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartupError);
  return (error as StartupError).message;
}

test('for port 0 a free port is picked', async () => {
  const { port } = await open();
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('here');
});

test('the error for a port in use names the setting', async () => {
  const { port } = await open();
  expect(await refusalOf('127.0.0.1', port)).toBe(
    `Port ${port} on 127.0.0.1 is in use: set HOLDFAST_PORT to a free one (0 takes any)`,
  );
});

test('the error for an address that this machine does not have names the setting', async () => {
  // An address of a range for documentation (RFC 5737).
  expect(await refusalOf('203.0.113.7', 0)).toBe(
    '203.0.113.7 is not an address of this machine: set HOLDFAST_HOST',
  );
});

test('closing does not wait for clients that keep their connection', async () => {
  const { server, port } = await open();
  const client = connect(port, '127.0.0.1');
  await once(server, 'connection');
  const closed = once(client, 'close');
  await closeServer(server);
  await closed;
});

test('a client that sends its headers too slowly gets an error and is disconnected', async () => {
  const { port } = await open(undefined, { headersMs: 400 });
  const { socket, over } = await join(port);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Endless: ');
  trickle(socket);
  expect(await over).toMatch(/^HTTP\/1\.1 408 /);
});

test('a client that sends its body too slowly gets an error and is disconnected', async () => {
  const { port } = await open(counting, { bodyStallMs: 400, bodyBytesPerSecond: 10_000 });
  const { socket, over } = await join(port);
  socket.write(post(1_000_000));
  trickle(socket);
  expect(await over).toMatch(/^HTTP\/1\.1 408 /);
});

test('a client that stops within its body is disconnected, also after its request was refused', async () => {
  const { port } = await open((_request, response) => void response.end('refused'), { bodyStallMs: 400 });
  const { socket, over } = await join(port);
  socket.write(`${post(1_000_000)}xxx`);
  expect(await over).toMatch(/^HTTP\/1\.1 200 [^]*refused/);
});

test('a long upload that makes progress succeeds, however long it takes in total', async () => {
  const { port } = await open(counting, { headersMs: 1_000, bodyStallMs: 1_000, bodyBytesPerSecond: 1_000 });
  const { socket, until } = await join(port);
  const piece = Buffer.alloc(10_000);
  const pieces = 60;
  socket.write(post(pieces * piece.length));
  for (let sent = 0; sent < pieces; sent++) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 60)); // The pace of the upload is what is tested.
  }
  await until(/had 600000/);
});

test('a client is not disconnected while the server does not read its body, or while it waits for its answer', async () => {
  const narrow = { headersMs: 300, bodyStallMs: 300, idleMs: 300 };
  const looks: (() => void)[] = [];
  const { port } = await open((request, response) => {
    if (request.url === '/quick') response.end('quick');
    else
      looks.push(() => {
        if (request.url === '/waits') response.end('waited');
        else counting(request, response);
      });
  }, narrow);
  const full = await join(port);
  full.socket.write(post(2_000_000));
  full.socket.write(Buffer.alloc(2_000_000));
  const waits = await join(port);
  const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  waits.socket.write(ask('/quick') + ask('/waits')); // After the first answer the connection is not idle.
  // Three times as long as it takes until a slow client is disconnected.
  for (let count = 0; count < 3; count++) {
    const idle = await join(port);
    await idle.over;
  }
  for (const look of looks) look();
  await full.until(/had 2000000/);
  await waits.until(/waited$/);
});

test('idle connections are closed after their time; beyond the limit the longest idle one is closed for a new one', async () => {
  const { port } = await open(
    (request, response) => {
      if (request.url !== '/waits') response.end('here');
    },
    { maxIdle: 2 },
  );
  const waits = await join(port);
  waits.socket.write('GET /waits HTTP/1.1\r\nHost: x\r\n\r\n');
  const ask = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  const kept = await join(port);
  kept.socket.write(ask);
  await kept.until(/here$/);
  const silent = await join(port);
  const asking = await join(port);
  expect(await kept.over).toMatch(/here$/); // It was idle longer than the other.
  asking.socket.write(ask);
  await asking.until(/here$/);
  const next = await join(port);
  expect(await silent.over).toBe('');
  next.socket.write(ask);
  await next.until(/here$/);
  expect(waits.socket.destroyed).toBe(false);
});
