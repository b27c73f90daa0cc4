import { expect, test } from 'vitest';
import { agentErrorOf, askOnce, maxAnswerBytes, openAgent, openRawServer } from './support.ts';

const json = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test.each([
  ['text that is not JSON', 'hello there'],
  ['an HTML page', '<!doctype html><title>Welcome</title>'],
  ['no body at all', ''],
  ['JSON that breaks off', '{"content":"hel'],
  ['JSON with something behind it', '{"content":"hi"} {"content":"there"}'],
  ['null', 'null'],
  ['a bare string', '"hi"'],
  ['a list', '[{"type":"text","text":"hi"}]'],
  ['an object without content', '{"answer":"hi"}'],
  ['null as content', '{"content":null}'],
  ['a number as content', '{"content":42}'],
  ['empty content', '{"content":""}'],
  ['white space as content', '{"content":" \\n\\t\\u00a0"}'],
  ['no blocks', '{"content":[]}'],
  ['only tool blocks', '{"content":[{"type":"tool_use","id":"1"}]}'],
  ['an error beside content', '{"error":{"message":"overloaded"},"content":"hi"}'],
  ['success: false', '{"success":false}'],
  ['success: false beside content', '{"success":false,"content":"hi"}'],
  ['an error alone', '{"type":"error","error":"overloaded"}'],
])('a 200 with %s is invalid_response', async (_what, body) => {
  const agent = await openAgent(() => ({ body }));
  expect((await agentErrorOf(askOnce(agent))).type).toBe('invalid_response');
});

test("an error in a 200 is told in the agent's words", async () => {
  const agent = await openAgent(() => ({ body: { error: { message: 'model overloaded' } } }));
  expect((await agentErrorOf(askOnce(agent))).message).toContain('model overloaded');
});

test("success: false in a 200 is told in the agent's words", async () => {
  const agent = await openAgent(() => ({
    body: { success: false, message: 'no model is loaded', content: 'x' },
  }));
  expect((await agentErrorOf(askOnce(agent))).message).toBe(
    'The agent answered 200 with success: false: no model is loaded',
  );
});

test.each([true, 'false', 0, null])('success: %j beside content is an answer', async (success) => {
  const agent = await openAgent(() => ({ body: { success, content: 'hi' } }));
  expect(await askOnce(agent)).toBe('hi');
});

test('an answer that is not UTF-8 is invalid_response', async () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"content":"';
  const server = await openRawServer((socket) =>
    socket.end(Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0x22, 0x7d])])),
  );
  const error = await agentErrorOf(askOnce(server));
  expect(error).toMatchObject({ type: 'invalid_response', message: 'The answer is not UTF-8' });
});

test('an answer without Content-Type and with a byte order mark is an answer', async () => {
  const server = await openRawServer((socket) =>
    socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\ufeff{"content":"hi"}'),
  );
  expect(await askOnce(server)).toBe('hi');
});

test('an early hint (103) before the answer is ignored', async () => {
  const server = await openRawServer((socket) =>
    socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${json('{"content":"hi"}')}`),
  );
  expect(await askOnce(server)).toBe('hi');
});

test.each([
  ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
  [
    '101 Switching Protocols',
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
  ],
  ['something that is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['endless headers', `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`],
  ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}'],
])('%s for an answer is invalid_response', async (_what, bytes) => {
  const server = await openRawServer((socket) => socket.write(bytes));
  expect((await agentErrorOf(askOnce(server))).type).toBe('invalid_response');
});

const quotes = '"'.repeat(maxAnswerBytes);
const fitting = 'x'.repeat(maxAnswerBytes - '{"content":""}'.length);

test('an answer of exactly the size limit is accepted', async () => {
  const agent = await openAgent(() => ({ body: { content: fitting } }));
  expect(await askOnce(agent)).toBe(fitting);
});

test.each([
  ['is one byte over the limit', { content: `${fitting}x` }],
  [
    'is small on the wire but swells as JSON in a history',
    `{"content":${JSON.stringify('\u007f\u00e9'.repeat(3_400))}}`,
  ],
  ['is over the limit by escapes', { content: quotes }],
])('an answer that %s is payload_too_large', async (_what, body) => {
  const agent = await openAgent(() => ({ body }));
  expect((await agentErrorOf(askOnce(agent))).type).toBe('payload_too_large');
});

test('an answer that announces too much is refused before it is read', async () => {
  let closed = (): void => undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const server = await openRawServer((socket) => {
    socket.on('close', () => closed()).write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n{');
  });
  expect((await agentErrorOf(askOnce(server))).type).toBe('payload_too_large');
  await gone;
});

test('an endless answer is cut off at the limit and its connection closed', async () => {
  let closed = (): void => undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const server = await openRawServer((socket) => {
    const more = (): void => {
      while (socket.writable && socket.write(`400\r\n${'x'.repeat(0x400)}\r\n`)) continue;
    };
    socket.on('drain', more).on('close', () => closed());
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    more();
  });
  expect((await agentErrorOf(askOnce(server))).type).toBe('payload_too_large');
  await gone;
});
