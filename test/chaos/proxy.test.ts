/** Every mode of the chaos suite's proxy, over real sockets. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { TcpProxy } from '../../chaos/proxy/tcp-proxy.ts';

/** An end that remembers what it was told and how it ended. */
function watched(socket: Socket) {
  const told = { text: '', ended: false, closed: false, error: '' };
  socket.setEncoding('utf8').on('data', (chunk: string) => (told.text += chunk));
  socket.on('end', () => (told.ended = true));
  socket.on('error', (error: NodeJS.ErrnoException) => (told.error = error.code ?? ''));
  socket.on('close', () => (told.closed = true));
  return { socket, told };
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

test('bytes pass both ways, and each side hears of the other closing', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  client.socket.write('question');
  await expect.poll(() => target.told.text).toBe('question');
  target.socket.write('answer');
  await expect.poll(() => client.told.text).toBe('answer');
  client.socket.end();
  await expect.poll(() => target.told.ended).toBe(true);
  target.socket.end();
  await expect.poll(() => client.told.closed).toBe(true);
  await expect.poll(() => proxy.open).toBe(0);
});

test('latency delays every chunk and keeps their order', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  proxy.set({ kind: 'latency', ms: 150 });
  const sentAt = performance.now();
  client.socket.write('one ');
  await moment(20);
  client.socket.write('two');
  await expect.poll(() => target.told.text, { interval: 5 }).toContain('one');
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(145);
  await expect.poll(() => target.told.text).toBe('one two');
});

test('reset cuts what is open on both sides, and what is dialled while it lasts', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  proxy.set({ kind: 'reset' });
  await expect.poll(() => [client.told.error, target.told.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
  const late = watched(connect(proxy.port, '127.0.0.1'));
  await expect.poll(() => late.told.closed).toBe(true);
  proxy.set({ kind: 'pass' });
  await dial();
});

test('half open: one way is silent, the other is not, and what was held arrives in the end', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  proxy.set({ kind: 'half_open', silent: 'down' });
  client.socket.write('question');
  await expect.poll(() => target.told.text).toBe('question');
  target.socket.end('answer');
  await moment(150);
  expect(client.told).toMatchObject({ text: '', ended: false });
  proxy.set({ kind: 'pass' });
  await expect.poll(() => client.told).toMatchObject({ text: 'answer', ended: true });
});

test('slow close: the end of one side reaches the other later than its bytes', async () => {
  const { proxy, dial } = await setup();
  const { client, target } = await dial();
  proxy.set({ kind: 'slow_close', ms: 200 });
  const endedAt = performance.now();
  target.socket.end('last words');
  await expect.poll(() => client.told.text).toBe('last words');
  expect(client.told.ended).toBe(false);
  await expect.poll(() => client.told.ended, { interval: 5 }).toBe(true);
  expect(performance.now() - endedAt).toBeGreaterThanOrEqual(195);
});

test('a blackhole takes connections and lets nothing through; cut, what it held is lost', async () => {
  const { proxy, dial } = await setup();
  proxy.set({ kind: 'blackhole' });
  const { client, target } = await dial();
  client.socket.write('question');
  target.socket.write('greeting');
  await moment(150);
  expect([client.told.text, target.told.text]).toEqual(['', '']);
  proxy.cut();
  await expect.poll(() => [client.told.error, target.told.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
  expect([client.told.text, target.told.text]).toEqual(['', '']);
});

test('a side that is reset resets the other; with nobody behind, whoever dials is reset', async () => {
  const { proxy, server, dial } = await setup();
  const { client, target } = await dial();
  target.socket.resetAndDestroy();
  await expect.poll(() => client.told.error).toBe('ECONNRESET');
  server.close();
  const late = watched(connect(proxy.port, '127.0.0.1'));
  await expect.poll(() => late.told.closed).toBe(true);
});
