/** Answers that the agent, or a proxy before it, has compressed. */
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  agentErrorOf,
  askOnce,
  configOf,
  maxAnswerBytes,
  openAgent,
  openRawServer,
  openTransport,
  question,
} from './support.ts';

/** A tenth of the time of its default quality. */
const brotli = (bytes: string | Buffer): Buffer =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
const packers = { gzip: gzipSync, 'x-gzip': gzipSync, GZIP: gzipSync, br: brotli };
const each = Object.entries(packers);
const hi = JSON.stringify({ content: 'hé 👋 \n'.repeat(50) });
const content = (JSON.parse(hi) as { content: string }).content;

const head = (encoding: string, length: number, status = 200): string =>
  `HTTP/1.1 ${status} Fine\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${length}\r\n\r\n`;

/** `claims` as its length, if it is another; closes then. */
function openPacked(encoding: string, packed: Buffer, status = 200, claims?: number) {
  return openRawServer((socket) => {
    const bytes = Buffer.concat([Buffer.from(head(encoding, claims ?? packed.length, status)), packed]);
    if (claims === undefined) socket.write(bytes);
    else socket.end(bytes);
  });
}

test.each(each)('an answer in %s is an answer', async (encoding, pack) => {
  expect(await askOnce(await openPacked(encoding, pack(hi)))).toBe(content);
});

test.each(each)('an answer in %s that comes byte by byte is an answer', async (encoding, pack) => {
  const packed = pack(hi);
  const server = await openRawServer((socket) => {
    socket.setNoDelay(true).write(head(encoding, packed.length));
    void (async () => {
      for (const byte of packed) {
        socket.write(Buffer.of(byte));
        await setImmediate();
      }
    })();
  });
  expect(await askOnce(server)).toBe(content);
});

test.each(['', 'identity'])('an answer with the Content-Encoding %j is taken as it is', async (encoding) => {
  expect(await askOnce(await openPacked(encoding, Buffer.from(hi)))).toBe(content);
});

test.each([
  ['deflate', deflateSync(hi)],
  ['gzip, br', brotliCompressSync(gzipSync(hi))],
  ['gzip, gzip', gzipSync(gzipSync(hi))],
  ['zstd', Buffer.from('whatever')],
  ['__proto__', Buffer.from(hi)],
])('an answer in %s, which nobody asked for, is invalid_response and says so', async (encoding, packed) => {
  const error = await agentErrorOf(askOnce(await openPacked(encoding, packed)));
  expect(error.type).toBe('invalid_response');
  expect(error.message).toBe(`The answer's Content-Encoding is none of gzip, br: ${encoding}`);
});

test.each(each)('%s that is damaged, cut off or empty is invalid_response', async (encoding, pack) => {
  const packed = pack(hi);
  const broken = [
    Buffer.from('{"content":"not packed at all"}'),
    packed.subarray(0, packed.length - 10),
    Buffer.concat([packed.subarray(0, 12), Buffer.alloc(20, 0xff), packed.subarray(12)]),
    Buffer.alloc(0),
  ];
  for (const bytes of broken) {
    const error = await agentErrorOf(askOnce(await openPacked(encoding, bytes)));
    expect(error.type).toBe('invalid_response');
  }
});

test.each(each)(
  'a connection that is closed within an answer in %s fails as connection',
  async (encoding, pack) => {
    const packed = pack(hi);
    const server = await openPacked(encoding, packed.subarray(0, 20), 200, packed.length);
    expect((await agentErrorOf(askOnce(server))).type).toBe('connection');
  },
);

test.each(each)('the size limit of an answer applies to what %s decompresses to', async (encoding, pack) => {
  const fitting = 'x'.repeat(maxAnswerBytes - '{"content":""}'.length);
  const packed = (text: string): Buffer => pack(JSON.stringify({ content: text }));
  expect(await askOnce(await openPacked(encoding, packed(fitting)))).toBe(fitting);
  const error = await agentErrorOf(askOnce(await openPacked(encoding, packed(`${fitting}x`))));
  expect(error).toMatchObject({
    type: 'payload_too_large',
    message: `The answer is over the limit of ${maxAnswerBytes} bytes`,
  });
});

test.each(each)(
  'an answer in %s with too high a compression ratio is payload_too_large',
  async (encoding, pack) => {
    const packed = pack(JSON.stringify({ content: 'x'.repeat(3_000_000) }));
    const ask = async (maxCompressionRatio: number): Promise<string> =>
      await openTransport({ maxAnswerBytes: 4_000_000, maxCompressionRatio }).ask(
        question(configOf(await openPacked(encoding, packed))),
      );
    expect(await agentErrorOf(ask(200))).toMatchObject({
      type: 'payload_too_large',
      message: 'The answer is compressed more than 200 times (HOLDFAST_MAX_COMPRESSION_RATIO)',
    });
    expect(await ask(1_000_000)).toHaveLength(3_000_000);
  },
);

test.each(each)(
  'a bomb of 1 GiB in %s is given up at once and its connection closed',
  async (encoding, pack) => {
    const part = pack(Buffer.alloc(32 * 1_048_576));
    // Members of gzip follow each other; one stream of brotli is a bomb of its own.
    const bomb = encoding === 'br' ? part : Buffer.concat(Array(32).fill(part));
    const server = await openPacked(encoding, bomb);
    const error = await agentErrorOf(
      openTransport({ maxAnswerBytes: 4 * 1_048_576 }).ask(question(configOf(server))),
    );
    expect(error.type).toBe('payload_too_large');
    await closed(server.sockets);
  },
);

test('an endless gzip that decompresses to nothing is ended at the size limit', async () => {
  const nothing = gzipSync('');
  const server = await openRawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n');
    const more = (): void => {
      while (
        socket.writable &&
        socket.write(`${nothing.length.toString(16)}\r\n${nothing.toString('latin1')}\r\n`, 'latin1')
      )
        continue;
    };
    socket.on('drain', more);
    more();
  });
  expect((await agentErrorOf(askOnce(server))).type).toBe('payload_too_large');
  await closed(server.sockets);
});

test.each(each)('a connection is reused after an answer in %s', async (encoding, pack) => {
  const agent = await openAgent(() => ({ headers: { 'content-encoding': encoding }, body: pack(hi) }));
  const transport = openTransport();
  for (let i = 0; i < 3; i++) {
    expect(await transport.ask(question(configOf(agent)))).toBe(content);
    await setImmediate(); // The connection is idle again.
  }
  expect(new Set(agent.requests.map((request) => request.clientPort)).size).toBe(1);
});

test.each(each)(
  'what an agent says of its error is read from %s, without the token',
  async (encoding, pack) => {
    const body = pack(
      JSON.stringify({ error: { message: 'not for opensesame', code: 'insufficient_quota' } }),
    );
    const error = await agentErrorOf(askOnce(await openPacked(encoding, body, 429), { token: 'opensesame' }));
    expect(error).toMatchObject({
      type: 'quota_exceeded',
      message: 'The agent answered 429: not for [redacted]',
    });
  },
);

test.each(each)('a token in an answer in %s is redacted', async (encoding, pack) => {
  const server = await openPacked(encoding, pack('{"content":"it is opensesame"}'));
  expect(await askOnce(server, { token: 'opensesame' })).toBe('it is [redacted]');
});

test('an error status determines the failure even if its body is damaged or a decompression bomb', async () => {
  for (const body of [Buffer.from('no gzip'), gzipSync(Buffer.alloc(50_000_000))])
    expect((await agentErrorOf(askOnce(await openPacked('gzip', body, 503)))).type).toBe('model_error');
});

test('a probe succeeds with a compressed page', async () => {
  const server = await openPacked('gzip', gzipSync('fine'));
  const agent = configOf(server, { healthPath: '/healthz' });
  expect(await openTransport().probe(agent, new AbortController().signal)).toBe(200);
});

test('an abort inside of a compressed answer rethrows its reason and closes the socket', async () => {
  const controller = new AbortController();
  const packed = gzipSync(hi);
  const server = await openRawServer((socket) => {
    socket.write(Buffer.concat([Buffer.from(head('gzip', packed.length)), packed.subarray(0, 20)]), () =>
      controller.abort(new Error('enough')),
    );
  });
  await expect(askOnce(server, { signal: controller.signal })).rejects.toThrow('enough');
  await closed(server.sockets);
});

async function closed(sockets: ReadonlySet<Socket>): Promise<void> {
  const open = [...sockets].filter((socket) => !socket.destroyed);
  const closings = open.map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.once('close', () => {
          resolve();
        });
      }),
  );
  await Promise.all(closings);
}
