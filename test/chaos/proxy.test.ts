/** Every mode of the chaos suite's proxy, over real sockets. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { TcpProxy } from '../../chaos/proxy/tcp-proxy.ts';

/** A socket together with a record of the bytes it received and how it ended. */
function watched(socket: Socket) {
  const seen = { text: '', ended: false, closed: false, error: '' };
  socket.setEncoding('utf8').on('data', (chunk: string) => (seen.text += chunk));
  socket.on('end', () => (seen.ended = true));
  socket.on('error', (error: NodeJS.ErrnoException) => (seen.error = error.code ?? ''));
  socket.on('close', () => (seen.closed = true));
  return { socket, seen };
}

async function setup() {
  const accepted: ReturnType<typeof watched>[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => accepted.push(watched(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await TcpProxy.start((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await proxy.close();
    for (const { socket } of accepted) socket.destroy();
    server.close();
  });
  const dial = async () => {
    const before = accepted.length;
    const client = watched(connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }));
    onTestFinished(() => void client.socket.destroy());
    await once(client.socket, 'connect');
    const target = await expect
      .poll(() => accepted[before])
      .toBeDefined()
      .then(() => accepted[before]);
    if (!target) throw new Error('unreachable');
    return { client, target };
  };
  return { proxy, server, dial };
}

const moment = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('bytes pass both ways, and each side sees the other close', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  client.socket.write('question');
  await expect.poll(() => target.seen.text).toBe('question');
  target.socket.write('answer');
  await expect.poll(() => client.seen.text).toBe('answer');
  client.socket.end();
  await expect.poll(() => target.seen.ended).toBe(true);
  target.socket.end();
  await expect.poll(() => client.seen.closed).toBe(true);
  await expect.poll(() => proxy.open).toBe(0);
});

test('latency delays every chunk and keeps the order', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  proxy.set({ kind: 'latency', ms: 150 });
  const sentAt = performance.now();
  client.socket.write('one ');
  await moment(20);
  client.socket.write('two');
  await expect.poll(() => target.seen.text, { interval: 5 }).toContain('one');
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(145);
  await expect.poll(() => target.seen.text).toBe('one two');
});

test('the mode reset resets open connections on both sides, and new ones while it lasts', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  proxy.set({ kind: 'reset' });
  await expect.poll(() => [client.seen.error, target.seen.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
  const late = watched(connect(proxy.port, '127.0.0.1'));
  await expect.poll(() => late.seen.closed).toBe(true);
  proxy.set({ kind: 'pass' });
  await dial();
});

test('the mode half_open lets only one direction through, and held bytes arrive once it ends', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  proxy.set({ kind: 'half_open', silent: 'down' });
  client.socket.write('question');
  await expect.poll(() => target.seen.text).toBe('question');
  target.socket.end('answer');
  await moment(150);
  expect(client.seen).toMatchObject({ text: '', ended: false });
  proxy.set({ kind: 'pass' });
  await expect.poll(() => client.seen).toMatchObject({ text: 'answer', ended: true });
});

test('the mode slow_close delivers the close of one side later than its bytes', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  proxy.set({ kind: 'slow_close', ms: 200 });
  const endedAt = performance.now();
  target.socket.end('last words');
  await expect.poll(() => client.seen.text).toBe('last words');
  expect(client.seen.ended).toBe(false);
  await expect.poll(() => client.seen.ended, { interval: 5 }).toBe(true);
  expect(performance.now() - endedAt).toBeGreaterThanOrEqual(195);
});

test('the mode blackhole accepts connections and lets nothing through; cut() loses what it held', async () => {
  const { proxy, dial } = await setup();
  proxy.set({ kind: 'blackhole' });
  const { client, target } = await dial();
  client.socket.write('question');
  target.socket.write('greeting');
  await moment(150);
  expect([client.seen.text, target.seen.text]).toEqual(['', '']);
  proxy.cut();
  await expect.poll(() => [client.seen.error, target.seen.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
  expect([client.seen.text, target.seen.text]).toEqual(['', '']);
});

test('a reset of one side resets the other, and a client is reset if nothing listens behind the proxy', async () => {
  const { proxy, server, dial } = await setup();
  const { client, target } = await dial();
  target.socket.resetAndDestroy();
  await expect.poll(() => client.seen.error).toBe('ECONNRESET');
  server.close();
  const late = watched(connect(proxy.port, '127.0.0.1'));
  await expect.poll(() => late.seen.closed).toBe(true);
});
