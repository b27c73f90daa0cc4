/** What is sealed for webhooks, opened to send an event. */
import { expect, it } from 'vitest';
import { WebhookSender } from '../../../src/services/webhooks/webhook-sender.ts';
import { webhook } from './directory-world.ts';

it('a URL that was sealed with another key fails the try, as whatever fails while it is sent', async () => {
  const open = (): never => {
    throw new Error('sealed with another key');
  };
  const sender = new WebhookSender({
    sealer: { seal: (text) => text, open, fingerprint: (text) => text },
    checkTarget: () => ({ ok: false, reason: 'not checked here' }),
    send: () => Promise.reject(new Error('nothing is sent')),
    sendMail: undefined,
    desk: undefined,
    now: () => 0,
  });
  const { signal } = new AbortController();
  const event = { eventId: 'evt_1', text: '{}' };
  const results = await Promise.allSettled([
    sender.send(webhook, event, signal),
    sender.test(webhook, signal),
    sender.sendCallback({ url: 'sealed', project: 'default' }, event, signal),
  ]);
  const failure = { status: 'rejected', reason: new Error('sealed with another key') };
  expect(results).toEqual([failure, failure, failure]);
});
