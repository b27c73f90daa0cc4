/** The activity of one webhook's deliveries, with a simulated receiver and directory. */
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { expect, it, vi } from 'vitest';
import { newDeliveries } from '../../../src/domain/delivery-state.ts';
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

/** The URL of a receiver that takes everything. */
const answersTwoHundred = 'sealed URL of one that is up';

/** `hasUrl`: the URL of the webhook when the receiver's answer is worked on. `onSent` is called by `answersTwoHundred`. */
async function prepared(
  begin: Webhook,
  hasUrl = begin.url,
  onSent: () => Promise<unknown> = () => Promise.resolve(),
) {
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
      if (url === answersTwoHundred) return onSent().then(() => ({ ok: true, status: 204, ms: 1 }) as const);
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
  const switchOff = (): void => void (now = { ...now, disabledAt: 3, disabledBecause: 'by_request' });
  const append = (number: number) =>
    endings.append({ number, fence: 1, at: 2, until: 2, endings: [{ ...ending, callId: `c${number}` }] });
  return { files, work, changes, sentTo, deliver, switchOff, append };
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
  const delivering = deliver();
  await vi.waitFor(() => expect(changes).toHaveLength(1));
  work.handOver();
  expect(await delivering).toEqual({ againInMs: 0 });
  expect(changes).toEqual([{ enabled: 'gone', ifUrl: webhook.url }]);
});

it('a webhook that is switched off skips nothing and has not read the log to its end', async () => {
  const { files, deliver } = await prepared({ ...webhook, disabledAt: 1, disabledBecause: 'by_request' });
  await files.writeState('wh1', newDeliveries(1));
  expect(await deliver({ after: 1, to: 9 })).toEqual({});
  expect((await files.readState('wh1'))?.place.segment).toBe(1);
});

it('once a webhook is switched off, it gets nothing of what comes later, although something was just sent', async () => {
  const isUp: Webhook = { ...webhook, url: answersTwoHundred };
  const world = await prepared(isUp, isUp.url, async () => {
    world.switchOff();
    await world.append(3);
  });
  expect(await world.deliver()).toEqual({});
  expect(world.sentTo).toHaveLength(2);
  expect(await world.files.readState('wh1')).toMatchObject({ place: { segment: 3 }, waiting: [] });
});
