/** The activity of one webhook's deliveries, with a simulated receiver and directory. */
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { expect, it } from 'vitest';
import { newDeliveries } from '../../../src/domain/delivery-book.ts';
import type { WebhookChange } from '../../../src/domain/webhook-book.ts';
import type { Webhook } from '../../../src/domain/webhook.ts';
import { EndingLog } from '../../../src/services/endings/ending-log.ts';
import { DeliveryFiles } from '../../../src/services/webhooks/delivery-files.ts';
import { createDeliveryWork } from '../../../src/services/webhooks/delivery-work.ts';
import { MemoryStore } from '../../payloads/memory-store.ts';
import { webhook } from './directory-world.ts';

const context = {
  cancellationSignal: new AbortController().signal,
  heartbeat: () => undefined,
} as unknown as Context;
const gone = { ok: false, status: 410, error: 'HTTP 410', ms: 1, gone: true } as const;

/** `hasUrl`: the URL of the webhook when the receiver's answer is worked on. */
async function prepared(begin: Webhook, hasUrl = begin.url) {
  const store = new MemoryStore();
  const [files, endings] = [new DeliveryFiles(store), new EndingLog(store)];
  const times = { startedAt: 1, endedAt: 2, queuedMs: 0, attempts: [] };
  const ending = {
    callId: 'c',
    runId: 'r',
    agent: 'a',
    outcome: 'completed',
    for: ['wh1'],
    ...times,
  } as const;
  for (const number of [1, 2]) await endings.append({ number, fence: 1, at: 2, until: 2, endings: [ending] });
  const changes: WebhookChange[] = [];
  const sentTo: string[] = [];
  let now = begin;
  const work = createDeliveryWork({
    directory: {
      find: () => Promise.resolve(now),
      change: (_id, change) => {
        changes.push(change);
        if (change.ifUrl === hasUrl) now = { ...now, disabledAt: 3, disabledBecause: 'gone' };
        return Promise.resolve(now);
      },
    },
    files,
    endings,
    bodyOf: () => Promise.resolve({ text: '{}' }),
    send: ({ url }) => {
      sentTo.push(url);
      if (url === begin.url) now = { ...now, url: hasUrl };
      return Promise.resolve(url === begin.url ? gone : { ok: true, status: 204, ms: 1 });
    },
    onOutcome: () => undefined,
    retryMs: 1_000_000,
    marginMs: 5_000,
    now: () => 10,
  });
  const deliver = (skip?: { after: number; to: number }) =>
    asyncLocalStorage.run(context, (start) => work.activities.deliverEvents(start), {
      id: 'wh1',
      jobs: [],
      ...(skip && { skip }),
    });
  return { files, work, changes, sentTo, deliver };
}

it('after 410 nothing more is sent', async () => {
  const { changes, sentTo, deliver } = await prepared(webhook);
  expect(await deliver()).toEqual({});
  expect(changes).toEqual([{ enabled: 'gone', ifUrl: webhook.url }]);
  expect(new Set(sentTo)).toEqual(new Set([webhook.url]));
  expect(sentTo.length).toBeLessThanOrEqual(2);
});

it('the 410 of a URL that was changed meanwhile does not switch the webhook off', async () => {
  const { changes, work, deliver } = await prepared(webhook, 'sealed anew');
  setTimeout(() => work.handOver(), 2_000);
  expect(await deliver()).toEqual({ againInMs: 0 });
  expect(changes).toEqual([{ enabled: 'gone', ifUrl: webhook.url }]);
});

it('a webhook that is switched off skips nothing and has not read the log to its end', async () => {
  const { files, deliver } = await prepared({ ...webhook, disabledAt: 1, disabledBecause: 'by_request' });
  await files.writeState('wh1', newDeliveries(1));
  expect(await deliver({ after: 1, to: 9 })).toEqual({});
  expect((await files.readState('wh1'))?.place.segment).toBe(1);
});
