import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  agentErrorOf,
  askOnce,
  closedPort,
  configOf,
  openAgent,
  openRawServer,
  openTransport,
} from './support.ts';

const token = 'sk-Zürich/"42"+abc';
const base64 = Buffer.from(token).toString('base64');
const spellings: [string, string][] = [
  ['as it is', token],
  ['in Base64', base64],
  ['in base64url', Buffer.from(token).toString('base64url')],
  ['in Base64 of the whole header', Buffer.from(`Bearer ${token}`).toString('base64')],
  ['in Base64 of something longer', Buffer.from(`x=${token}; y`).toString('base64')],
  ['percent-encoded', encodeURIComponent(token)],
  ['percent-encoded in lower case', encodeURIComponent(token).toLowerCase().replace('sk-z', 'sk-Z')],
  ['escaped as in JSON', JSON.stringify(token).slice(1, -1)],
  ['escaped as in JSON, slashes too', JSON.stringify(token).slice(1, -1).replace('/', '\\/')],
  [
    'escaped character by character',
    Array.from(token, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  ],
];

/** Everything of an error that could end in a log or a history. */
const everything = (error: Error): string => `${inspect(error, { depth: 10 })} ${String(error.stack)}`;

test.each(spellings)('an error body that echoes the token %s is redacted', async (_how, spelling) => {
  for (const body of [`bad token ${spelling}!`, { error: { message: `bad token ${spelling}!` } }]) {
    const agent = await openAgent(() => ({ status: 401, body }));
    const error = await agentErrorOf(askOnce(agent, { token }));
    expect(error.message).toContain('[redacted]');
    expect(everything(error)).not.toContain(spelling);
    expect(everything(error)).not.toContain(base64.slice(4, 16));
  }
});

test.each(spellings)('an answer that echoes the token %s is redacted', async (_how, spelling) => {
  const agent = await openAgent(() => ({ body: { content: `I was given ${spelling} and liked it` } }));
  expect(await askOnce(agent, { token })).toMatch(/^I was given [\w=]*\[redacted\]\w* and liked it$/);
});

test('an answer that is not JSON and an error in a 200 are redacted', async () => {
  for (const body of [`<p>${token}</p>`, { error: `for ${token}` }]) {
    const agent = await openAgent(() => ({ body }));
    const error = await agentErrorOf(askOnce(agent, { token }));
    expect(error.message).toContain('[redacted]');
    expect(everything(error)).not.toContain(token);
  }
});

test('headers and a reason phrase that echo the token are redacted, and no cut leaves a part of it', async () => {
  for (const secret of ['opensesame-0123456789', 'OpenSesame/0123456789']) {
    for (const said of [secret, `${'x'.repeat(40)} ${secret}`, secret.repeat(50)]) {
      for (const name of [
        'content-encoding',
        'content-type',
        'retry-after',
        'location',
        'www-authenticate',
      ]) {
        for (const status of [200, 302, 401, 429, 503]) {
          const server = await openRawServer((socket) =>
            socket.end(`HTTP/1.1 ${status} No ${secret}\r\n${name}: ${said}\r\ncontent-length: 2\r\n\r\n{}`),
          );
          const error = await agentErrorOf(askOnce(server, { token: secret }));
          expect(everything(error).toLowerCase()).not.toContain(secret.slice(0, 8).toLowerCase());
          expect(error.message.length).toBeLessThanOrEqual(500);
        }
      }
    }
  }
});

test('a failed probe reports the error text of an agent without a token, and none of an agent with one', async () => {
  const agent = await openAgent(() => ({ status: 503, body: { error: `down for ${token}` } }));
  const probe = (sealedToken?: string) =>
    agentErrorOf(
      openTransport().probe(
        configOf(agent, { healthPath: '/healthz', ...(sealedToken !== undefined && { sealedToken }) }),
        new AbortController().signal,
      ),
    );
  expect((await probe()).message).toBe(`The agent answered 503: down for ${token}`);
  expect((await probe('v1.sealed')).message).toBe('The agent answered 503');
});

test('control characters inside an echoed token do not hide it', async () => {
  const agent = await openAgent(() => ({
    status: 401,
    body: `no ${Array.from('opensesame').join('\u0000')} here`,
  }));
  const error = await agentErrorOf(askOnce(agent, { token: 'opensesame' }));
  expect(error.message).toBe('The agent answered 401: no [redacted] here');
});

test('an error body that is cut inside an echoed token shows no part of it', async () => {
  const long = 'opensesame'.repeat(500);
  const agent = await openAgent(() => ({ status: 401, body: long.repeat(10) }));
  const error = await agentErrorOf(askOnce(agent, { token: long }));
  expect(error.message).not.toContain('opensesame');
});

test('a short token is redacted in error texts and left alone in answers', async () => {
  const failing = await openAgent(() => ({ status: 500, body: 'token abc is bad' }));
  expect((await agentErrorOf(askOnce(failing, { token: 'abc' }))).message).toContain(
    'token [redacted] is bad',
  );
  const answering = await openAgent(() => ({ body: { content: 'the alphabet begins with abc' } }));
  expect(await askOnce(answering, { token: 'abc' })).toBe('the alphabet begins with abc');
});

test('a failed connection shows neither the token nor an error of the HTTP client', async () => {
  const port = await closedPort();
  const cut = await openRawServer((socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"con'),
  );
  for (const address of [{ host: '127.0.0.1', port }, cut]) {
    const error = await agentErrorOf(askOnce(address, { token }));
    expect(error.cause).toBeUndefined();
    expect(everything(error)).not.toContain(token);
    expect(everything(error)).not.toContain('Bearer');
  }
});

test.each(['line\nbreak', 'null\u0000', 'snow\u2603man'])(
  'a token that no header can carry (%j) is auth and is not shown',
  async (unsendable) => {
    const agent = await openAgent(() => ({ body: { content: 'hi' } }));
    const error = await agentErrorOf(askOnce(agent, { token: unsendable }));
    expect(error.type).toBe('auth');
    expect(error.message).not.toContain(unsendable);
    expect(agent.requests).toHaveLength(0);
  },
);
