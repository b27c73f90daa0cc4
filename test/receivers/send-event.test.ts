/** Senders over real sockets: what receivers get, and what becomes of whatever they answer. */
import type { RequestListener } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { newWebhookSecret } from '../../src/receivers/secrets.ts';
import { closedPort } from '../agents/support.ts';
import { eventTo, openReceiver, openSender, secret, sendOnce } from './support.ts';

const never = new AbortController().signal;

test('an event arrives as JSON with the headers of Standard Webhooks, and those of the caller', async () => {
  const receiver = await openReceiver();
  const event = eventTo(receiver.url, { headers: { traceparent: '00-ab-cd-01', 'user-agent': 'mine' } });
  const result = await openSender().send(event, never);
  expect(result).toEqual({ ok: true, status: 204, ms: expect.any(Number) as number });
  expect(receiver.received).toHaveLength(1);
  const [got] = receiver.received;
  expect(got).toMatchObject({ method: 'POST', path: '/hooks/crm?tenant=private-42', body: event.body });
  expect(got?.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(event.body.length),
    'user-agent': 'Holdfast/1.2.3',
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(event.timestamp),
    traceparent: '00-ab-cd-01',
  });
});

test('each of several secrets verifies the signature, another does not', async () => {
  const receiver = await openReceiver();
  const secrets = [newWebhookSecret(), newWebhookSecret()];
  const body = JSON.stringify({ type: 'call.completed', text: 'größer \ud800 🙂' });
  await openSender().send(eventTo(receiver.url, { secrets, body }), never);
  const [got] = receiver.received;
  const verify = (key: string) =>
    new Webhook(key).verify(got?.body ?? '', got?.headers as Record<string, string>);
  for (const key of secrets) expect(verify(key)).toEqual(JSON.parse(got?.body ?? ''));
  expect(() => verify(newWebhookSecret())).toThrow('No matching signature');
  expect(got?.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/);
});

test('secrets have the form of Standard Webhooks and are all different', () => {
  const secrets = Array.from({ length: 50 }, newWebhookSecret);
  expect(new Set(secrets).size).toBe(50);
  for (const one of secrets) {
    expect(one).toMatch(/^whsec_[\w+/]+=*$/);
    expect(Buffer.from(one.slice(6), 'base64')).toHaveLength(32);
  }
});

test('events to one receiver share a connection, also when its answers have short bodies', async () => {
  const receiver = await openReceiver((_request, response) => void response.end('{"thanks":true}'));
  const sender = openSender();
  for (let i = 0; i < 3; i++) {
    expect(await sender.send(eventTo(receiver.url), never)).toMatchObject({ ok: true });
    await setImmediate(); // The connection is idle again.
  }
  expect(new Set(receiver.received.map(({ socket }) => socket)).size).toBe(1);
});

test('a connection that the receiver closes between two events costs no failure', async () => {
  const receiver = await openReceiver((request, response) => {
    if (receiver.received.length === 2) request.socket.destroy();
    else response.writeHead(204).end();
  });
  const sender = openSender();
  for (let i = 0; i < 2; i++) {
    expect(await sender.send(eventTo(receiver.url), never)).toMatchObject({ ok: true, status: 204 });
    await setImmediate();
  }
  expect(receiver.received).toHaveLength(3);
});

const answering =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(`the key is ${secret}`);

test.each([200, 201, 202, 204, 299])('HTTP %s is a success', async (status) => {
  expect(await sendOnce((await openReceiver(answering(status))).url)).toMatchObject({ ok: true, status });
});

test.each([301, 302, 303, 307, 308])('HTTP %s is a failure that is not followed', async (status) => {
  const other = await openReceiver();
  const { url } = await openReceiver(answering(status, { location: other.url }));
  const error = `HTTP ${status}: redirects are not followed`;
  expect(await sendOnce(url)).toMatchObject({ ok: false, status, error });
  expect(other.received).toEqual([]);
});

test.each([400, 401, 404, 429, 500, 503, 599])(
  'HTTP %s is a failure, without what the receiver wrote',
  async (status) => {
    const { url } = await openReceiver(answering(status));
    const ms = expect.any(Number) as number;
    expect(await sendOnce(url)).toEqual({ ok: false, status, error: `HTTP ${status}`, ms });
  },
);

test('HTTP 410 says that the receiver wants no more', async () => {
  const { url } = await openReceiver(answering(410));
  expect(await sendOnce(url)).toMatchObject({ ok: false, status: 410, gone: true });
});

test.each([
  [{ 'retry-after': '7' }, 7],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '86400' }, 3_600],
  [{ date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sun, 06 Nov 1994 08:50:07 GMT' }, 30],
  [{ date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sunday, 06-Nov-94 08:40:00 GMT' }, 0],
  [{ 'retry-after': 'Wed, 01 Jan 2098 00:00:00 GMT' }, 3_600],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '-1' }, undefined],
])('%j is a wait of %s s', async (headers, seconds) => {
  const result = await sendOnce((await openReceiver(answering(503, headers))).url);
  expect(result.ok ? 'ok' : result.retryAfterSeconds).toBe(seconds);
});

test('a closed port is a refused connection, in words without the path and its query', async () => {
  const result = await sendOnce(`http://127.0.0.1:${await closedPort()}/private?token=42`);
  expect(result).toMatchObject({ ok: false, error: 'the connection was refused (ECONNREFUSED)' });
  expect(result).not.toHaveProperty('status');
});

test('an event whose signal is aborted throws its reason, before and while it is sent', async () => {
  const receiver = await openReceiver(() => controller.abort(new Error('the worker stops')));
  const controller = new AbortController();
  await expect(openSender().send(eventTo(receiver.url), controller.signal)).rejects.toThrow(
    'the worker stops',
  );
  await expect(openSender().send(eventTo(receiver.url), controller.signal)).rejects.toThrow(
    'the worker stops',
  );
  expect(receiver.received).toHaveLength(1);
});

test('what is our own fault throws: an invalid secret, a closed sender', async () => {
  const { url } = await openReceiver();
  const sender = openSender();
  await expect(sender.send(eventTo(url, { secrets: ['whsec_'] }), never)).rejects.toThrow(
    "Secret can't be empty",
  );
  await sender.close();
  await expect(sender.send(eventTo(url), never)).rejects.toThrow();
});

test('the wait for others to the same origin belongs to no try', async () => {
  // The first 64 get no answer.
  const receiver = await openReceiver((_request, response) => {
    if (receiver.received.length > 64) setTimeout(() => response.writeHead(204).end(), 300);
  });
  const sender = openSender({ timeoutMs: 1_500 });
  const sent = await Promise.all(
    Array.from({ length: 66 }, () => sender.send(eventTo(receiver.url), new AbortController().signal)),
  );
  expect(sent.slice(0, 64)).toEqual(
    Array.from({ length: 64 }, () => expect.objectContaining({ error: 'timeout after 1.5 s' }) as unknown),
  );
  expect(sent.slice(64)).toMatchObject([{ ok: true }, { ok: true }]);
});
