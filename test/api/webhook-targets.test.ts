/** Webhooks of a real node that go to a chat, or by mail: at a server that answers as Slack does, and at a real SMTP server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Chat } from '../rig/chat.ts';
import type { Json } from '../rig/http-client.ts';
import { headerOf, MailServer } from '../rig/mail-server.ts';
import { expectProblem } from './problem.ts';
import { useNode } from './use-node.ts';

const mails = new MailServer();
await mails.start();
const origin = 'https://gateway.example';
const node = useNode({
  HOLDFAST_SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
  HOLDFAST_SMTP_FROM: 'Holdfast <holdfast@example.com>',
  HOLDFAST_PUBLIC_ORIGIN: origin,
  HOLDFAST_WEBHOOK_ALLOW: '127.0.0.1',
  HOLDFAST_ENDINGS_MARGIN_SECONDS: '5',
});
const patiently = { timeout: 30_000 };
const path = (id: string, rest = ''): string => `/api/vps/webhooks/${id}${rest}`;

let chat: Chat;
beforeAll(async () => {
  await node.agent('broken', () => ({ status: 401 }));
});
afterAll(() => mails.close());
beforeEach(async () => {
  chat = new Chat();
  await chat.start();
  mails.mails.length = 0;
  mails.refused.clear();
});
afterEach(async () => {
  const { body } = await node.http.get('/api/vps/webhooks');
  for (const { id } of body.webhooks as Json[]) await node.http.delete(path(String(id)));
  chat.close();
});

async function create(more: Json): Promise<string> {
  const wish = { name: 'oncall', events: ['call.failed'], ...more };
  const { status, body } = await node.http.post('/api/vps/webhooks', wish);
  expect(status, JSON.stringify(body)).toBe(201);
  return String(body['id']);
}

const fail = async (): Promise<string> =>
  String((await node.http.call({ agent_name: 'broken', prompt: 'hello' })).body.call_id);
const deliveriesOf = async (id: string): Promise<Json[]> =>
  (await node.http.get(path(id, '/deliveries'))).body.deliveries as Json[];
const described = async (id: string): Promise<Json> => (await node.http.get(path(id))).body;
const wordsOf = (call: string): string =>
  `A call to broken failed: auth\nCall ${call}. No answer from broken (auth) · <${origin}/calls/${call}|Open the desk>`;

describe('a webhook of the format slack', () => {
  it('sends words with a link, is tested and redelivered, and shows nothing of its URL', async () => {
    const id = await create({ url: chat.url, format: 'slack' });
    const webhook = await described(id);
    expect(webhook).toMatchObject({ format: 'slack', status: 'active' });
    expect(JSON.stringify(webhook)).not.toContain('secret-of-the-chat');
    expect((await node.http.post(path(id, '/test'))).body).toMatchObject({ delivered: true, status: 200 });
    expect(chat.messages).toEqual([
      `Test of the webhook oncall\nIts events arrive here · <${origin}/webhooks/${id}|Open the desk>`,
    ]);

    const call = await fail();
    await expect.poll(() => chat.messages, patiently).toContain(wordsOf(call));
    await expect
      .poll(() => deliveriesOf(id), patiently)
      .toMatchObject([{ about: call, outcome: 'delivered' }]);
    const [{ event_id: event } = {}] = await deliveriesOf(id);
    expect((await node.http.post(path(id, `/deliveries/${String(event)}/redeliver`))).status).toBe(202);
    await expect.poll(() => chat.messages.slice(1), patiently).toEqual([wordsOf(call), wordsOf(call)]);
  });

  it('waits as long as the chat wants, and is off once its address is revoked', async () => {
    const id = await create({ url: chat.url, format: 'slack' });
    chat.refusal = { status: 429, body: 'rate_limited', headers: { 'retry-after': '1' } };
    const call = await fail();
    await expect.poll(() => chat.tries, patiently).toBeGreaterThan(0);
    chat.refusal = undefined;
    await expect.poll(() => chat.messages, patiently).toEqual([wordsOf(call)]);
    chat.refusal = { status: 410, body: 'channel_is_archived' };
    await fail();
    await expect.poll(async () => (await described(id))['status'], patiently).toBe('gone');
  });

  it('becomes one of the standard format, and the other way round', async () => {
    const id = await create({ url: chat.url });
    expect(await described(id)).toMatchObject({ format: 'standard' });
    expect((await node.http.post(path(id, '/test'))).body).toMatchObject({ delivered: false, status: 400 });
    expect((await node.http.patch(path(id), { format: 'slack' })).body).toMatchObject({ format: 'slack' });
    expect((await node.http.post(path(id, '/test'))).body).toMatchObject({ delivered: true });
    expect((await node.http.patch(path(id), { format: 'standard' })).body).toMatchObject({
      format: 'standard',
    });
  });
});

describe('a webhook with a mailto URL', () => {
  it('sends mails, is tested and redelivered, and a repeated mail has the id of the first', async () => {
    const url = 'mailto:oncall@example.com,second@example.com';
    const id = await create({ url });
    expect(await described(id)).toMatchObject({ url, format: 'mail', status: 'active' });
    expect((await node.http.post(path(id, '/test'))).body).toMatchObject({ delivered: true, status: 250 });
    expect(mails.mails[0] && headerOf(mails.mails[0], 'Subject')).toBe(
      '[Holdfast] Test of the webhook oncall',
    );

    const call = await fail();
    await expect.poll(() => mails.mails.length, patiently).toBe(2);
    await expect
      .poll(() => deliveriesOf(id), patiently)
      .toMatchObject([{ about: call, outcome: 'delivered', status: 250, error: null }]);
    const [{ event_id: event } = {}] = await deliveriesOf(id);
    await node.http.post(path(id, `/deliveries/${String(event)}/redeliver`));
    await expect.poll(() => mails.mails.length, patiently).toBe(3);
    const [, first, again] = mails.mails;
    expect(first).toMatchObject({ to: ['oncall@example.com', 'second@example.com'] });
    expect(first && headerOf(first, 'Subject')).toBe('[Holdfast] A call to broken failed: auth');
    expect(first && headerOf(first, 'Message-ID')).toBe(`<${String(event)}@example.com>`);
    expect(again?.raw).toBe(first?.raw);
    expect(first?.raw).toContain(`${origin}/calls/`);
    expect(first?.raw).not.toContain('hello');
  });

  it('is failing while the server refuses, also for good, and sends what waits once it is mended', async () => {
    const id = await create({ url: 'mailto:oncall@example.com' });
    mails.refused.set('oncall@example.com', 550);
    await fail();
    await expect
      .poll(() => described(id), patiently)
      .toMatchObject({
        status: 'failing',
        last_try: { status: 550, error: 'mail server: SMTP 550: it refuses the sender, or every address' },
      });
    expect((await node.http.post(path(id, '/test'))).body).toMatchObject({ delivered: false, status: 550 });
    mails.refused.clear();
    expect((await node.http.patch(path(id), { enabled: true })).status).toBe(200);
    await expect.poll(() => mails.mails.length, patiently).toBe(1);
  });

  it('becomes one of a chat, and the other way round', async () => {
    const id = await create({ url: 'mailto:oncall@example.com' });
    const toChat = { url: chat.url, format: 'slack' };
    expect((await node.http.patch(path(id), toChat)).body).toMatchObject({ format: 'slack' });
    const toMail = { url: 'mailto:second@example.com' };
    expect((await node.http.patch(path(id), toMail)).body).toMatchObject({ format: 'mail' });
  });

  it.each([
    [{ url: 'mailto:oncall@example.com?subject=x' }, /^url: A mailto URL has addresses alone/],
    [{ url: 'mailto:a@example.com,,b@example.com' }, /^url: A mailto URL has addresses alone/],
    [{ url: 'mailto:oncall@example.com', format: 'slack' }, /^format: a mailto URL is sent by mail/],
  ])('is refused if it is %j', async (more, why) => {
    const answer = await node.http.post('/api/vps/webhooks', { name: 'x', events: ['call.failed'], ...more });
    expectProblem(answer, 422, 'webhook_address_refused');
    expect(answer.body['detail']).toMatch(why);
  });

  it('cannot be given the format of a chat later', async () => {
    const id = await create({ url: 'mailto:oncall@example.com' });
    const answer = await node.http.patch(path(id), { format: 'slack' });
    expectProblem(answer, 422, 'webhook_address_refused');
    expect(await described(id)).toMatchObject({ format: 'mail' });
  });
});
