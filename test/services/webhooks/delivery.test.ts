/** Deliveries of one webhook against a simulated receiver, log and clock. */
import { beforeEach, describe, expect, it } from 'vitest';
import { newDeliveries, parkedSince } from '../../../src/domain/delivery-book.ts';
import type { Ending } from '../../../src/domain/ending.ts';
import type { Webhook } from '../../../src/domain/webhook.ts';
import type { SendResult } from '../../../src/receivers/send-event.ts';
import { EndingLog } from '../../../src/services/endings/ending-log.ts';
import { Delivery, DeliverySuperseded, type DeliveryParts } from '../../../src/services/webhooks/delivery.ts';
import { DeliveryFiles, type DeliveryEntry } from '../../../src/services/webhooks/delivery-files.ts';
import { nameOfEvent } from '../../../src/services/webhooks/event-body.ts';
import { MemoryStore } from '../../payloads/memory-store.ts';

const webhook: Webhook = {
  id: 'wh1',
  name: 'CRM',
  url: 'sealed',
  shownUrl: 'https://crm.example/',
  events: ['call.completed'],
  filter: {},
  createdAt: 0,
  fromSegment: 1,
  secrets: [{ sealed: 'secret' }],
};
const dayMs = 86_400_000;
const never = new AbortController().signal;

let now: number;
let log: EndingLog;
let files: DeliveryFiles;
let got: string[];
let gaps: string[];
/** Answers of the receiver, by call; otherwise 204. */
let answers: (callId: string) => SendResult | Promise<SendResult>;
let deleted: Set<string>;
let unreadable: Set<string>;
let segments: number;

beforeEach(() => {
  now = 10 * dayMs;
  const store = new MemoryStore();
  log = new EndingLog(store);
  files = new DeliveryFiles(store);
  [got, gaps] = [[], []];
  answers = () => ({ ok: true, status: 204, ms: 1 });
  deleted = new Set();
  unreadable = new Set();
  segments = 0;
});

/** Appends a segment with the endings of these calls: `session/call`, or `call` alone. `until` as the feed says it. */
async function append(
  calls: readonly (string | { call: string; endedAt: number })[],
  until = now,
): Promise<void> {
  segments += 1;
  const endings = calls.map((one): Ending => {
    const { call, endedAt } = typeof one === 'string' ? { call: one, endedAt: now } : one;
    const times = { startedAt: endedAt - 10, endedAt, queuedMs: 0 };
    const [lane, own] = call.split('/');
    return {
      ...(own !== undefined && lane !== undefined && { lane }),
      callId: call,
      runId: `run-${call}`,
      agent: 'a',
      outcome: 'completed',
      ...times,
      attempts: [],
      for: ['wh1'],
    };
  });
  await log.append({ number: segments, fence: 1, at: now, until, endings });
}

function parts(): DeliveryParts {
  return {
    files,
    endings: log,
    bodyOf: (event) => {
      const callId = 'callId' in event ? event.callId : '';
      if (unreadable.has(callId)) return Promise.reject(new Error('away'));
      if (deleted.has(callId)) return Promise.resolve('deleted');
      return Promise.resolve({ text: callId });
    },
    send: async (_webhook, { text, isAfterGap = false }, signal) => {
      signal.throwIfAborted();
      got.push(text);
      if (isAfterGap) gaps.push(text);
      return answers(text);
    },
    onOutcome: () => undefined,
    retryMs: 3 * dayMs,
    marginMs: 60_000,
    now: () => now,
  };
}

const open = (changes: Partial<Webhook> = {}) => Delivery.open(parts(), { ...webhook, ...changes });

/** Does rounds until nothing is sent. */
async function deliver(delivery: Delivery, changes: Partial<Webhook> = {}): Promise<void> {
  while ((await delivery.round({ ...webhook, ...changes }, ends)) === 'sent');
  await delivery.save();
}

async function logged(): Promise<DeliveryEntry[]> {
  const entries: DeliveryEntry[] = [];
  for await (const some of files.log('wh1', now + 3_600_000, now - 30 * dayMs)) entries.push(...some);
  return entries;
}

const parkedNow = async () => parkedSince((await files.readState('wh1')) ?? newDeliveries(1), 0);
const ends = { stop: never, end: never };

const down = (): SendResult => ({ ok: false, status: 503, error: 'HTTP 503', ms: 1 });

describe('events of the log', () => {
  it('are sent once each, also by the delivery after this one', async () => {
    await append(['1', '2']);
    await append(['3']);
    await deliver(await open());
    expect(got.toSorted()).toEqual(['1', '2', '3']);
    await append(['4']);
    const next = await open();
    await deliver(next);
    expect(got).toHaveLength(4);
    expect(next.caughtUpAt).toBe(4);
    expect(next.nextAt(now)).toBeUndefined();
    expect((await logged()).map(({ outcome }) => outcome)).toEqual(Array(4).fill('delivered'));
  });

  it('are sent again if a delivery dies before it has written what it did', async () => {
    await append(['1']);
    await (await open()).round(webhook, ends);
    await deliver(await open());
    expect(got).toEqual(['1', '1']);
  });

  it('before the gap that a later wake leaves are not read', async () => {
    await append(['1']);
    const first = await open();
    await deliver(first);
    await append([]);
    await append(['2']);
    const second = await open();
    second.skip({ after: first.caughtUpAt ?? 0, to: 3 });
    await deliver(second);
    expect(got).toEqual(['1', '2']);
    const third = await open();
    third.skip({ after: 1, to: 9 }); // It is of another place.
    await append(['3']);
    await deliver(third);
    expect(got).toEqual(['1', '2', '3']);
  });

  it('are found in a log that has begun anew, because its store was lost', async () => {
    await append(['1']);
    await deliver(await open({ fromSegment: 5_001 }));
    expect(got).toEqual(['1']);
  });

  it('of deleted calls are dropped', async () => {
    deleted.add('1');
    await append(['1', '2']);
    await deliver(await open());
    expect(got).toEqual(['2']);
    expect((await logged()).map(({ about, outcome }) => [about, outcome])).toEqual([
      ['2', 'delivered'],
      ['1', 'dropped'],
    ]);
  });

  it('are not sent once the receiver has answered 410', async () => {
    answers = () => ({ ok: false, status: 410, error: 'HTTP 410', gone: true, ms: 1 });
    await append(['1']);
    const delivery = await open();
    expect(await delivery.round(webhook, ends)).toBe('gone');
    await delivery.save();
    answers = () => ({ ok: true, status: 204, ms: 1 });
    const later = await open();
    await later.add([{ kind: 'retry' }]);
    await deliver(later);
    expect(got).toEqual(['1', '1']);
  });
});

describe('a delivery', () => {
  it('that a later one has superseded writes nothing any more', async () => {
    await append(['1']);
    const zombie = await open();
    await zombie.round(webhook, ends);
    await deliver(await open());
    await expect(zombie.save()).rejects.toThrow(DeliverySuperseded);
    expect((await files.readState('wh1'))?.delivered).toBe(1);
  });

  it('leaves what it has not sent in time to the next round', async () => {
    const end = new AbortController();
    await append(['s/1', 's/2', 's/3']);
    answers = () => {
      end.abort();
      return { ok: true, status: 200, ms: 1 };
    };
    const delivery = await open({ ordered: true });
    await delivery.round({ ...webhook, ordered: true }, { stop: never, end: end.signal });
    expect(got).toEqual(['s/1']);
    await deliver(delivery, { ordered: true });
    expect(got).toEqual(['s/1', 's/2', 's/3']);
  });

  it('that is cut off counts no failure', async () => {
    const stop = new AbortController();
    await append(['1']);
    answers = () => {
      stop.abort();
      throw new Error('aborted');
    };
    const delivery = await open();
    await delivery.round(webhook, { stop: stop.signal, end: never });
    await delivery.save();
    expect(await files.readState('wh1')).toMatchObject({ failures: 0, waiting: [{ tries: 0 }] });
  });

  it('parks what fails most if too many events wait, and goes on with the others', async () => {
    answers = (callId) => (callId.startsWith('bad') ? down() : { ok: true, status: 200, ms: 1 });
    const calls = Array.from({ length: 1_200 }, (_, call) => [`bad${call}`, `good${call}`]).flat();
    for (let at = 0; at < calls.length; at += 100) await append(calls.slice(at, at + 100));
    const delivery = await open();
    for (let minute = 0; minute < 30; minute++) {
      now += 60_000;
      await deliver(delivery);
    }
    expect(got.filter((call) => call.startsWith('good'))).toHaveLength(1_200);
    expect((await files.readState('wh1'))?.waiting.length).toBeLessThanOrEqual(600);
  });
});

describe('an event that cannot be read', () => {
  it('waits, is tried again, and keeps no other back', async () => {
    unreadable.add('1');
    await append(['1', '2']);
    const delivery = await open();
    await deliver(delivery);
    expect(got).toEqual(['2']);
    expect(await files.readState('wh1')).toMatchObject({ failures: 0, waiting: [{ tries: 1 }] });
    unreadable.clear();
    now += 6_000;
    await deliver(delivery);
    expect(got).toEqual(['2', '1']);
  });

  it('among others of its session breaks no order', async () => {
    unreadable.add('s/2');
    await append(['s/1']);
    now += 1;
    await append(['s/2']);
    now += 1;
    await append(['s/3', 't/1']);
    const delivery = await open({ ordered: true });
    await deliver(delivery, { ordered: true });
    expect(got.toSorted()).toEqual(['s/1', 't/1']);
    unreadable.clear();
    now += 6_000;
    await deliver(delivery, { ordered: true });
    expect(got.filter((call) => call.startsWith('s'))).toEqual(['s/1', 's/2', 's/3']);
    expect(got).toHaveLength(4);
  });

  it('and turns out to be behind another one, waits for it without a loop', async () => {
    answers = (callId) => (callId === 's/1' ? down() : { ok: true, status: 200, ms: 1 });
    await append(['s/1']);
    const delivery = await open({ ordered: true });
    await deliver(delivery, { ordered: true });
    unreadable.add('s/2');
    now += 1;
    await append(['s/2']);
    await delivery.round({ ...webhook, ordered: true }, ends);
    unreadable.clear();
    now += 7_000;
    await deliver(delivery, { ordered: true });
    now += 1;
    await append(['t/1']);
    await deliver(delivery, { ordered: true });
    expect(got).toContain('t/1');
    answers = () => ({ ok: true, status: 200, ms: 1 });
    now += 60_000;
    await deliver(delivery, { ordered: true });
    expect(got.slice(-2)).toEqual(['s/1', 's/2']);
  });

  it('keeps back the later ones of its session only', async () => {
    unreadable.add('s/1');
    await append(['s/1']);
    now += 1;
    await append(['t/1', 's/2']);
    const delivery = await open({ ordered: true });
    await deliver(delivery, { ordered: true });
    expect(got).toEqual(['t/1']);
    unreadable.clear();
    now += 6_000;
    await deliver(delivery, { ordered: true });
    expect(got).toEqual(['t/1', 's/1', 's/2']);
  });

  it('ends the delivery if no other can be read either: then Temporal or the store is away', async () => {
    const calls = Array.from({ length: 9 }, (_, call) => String(call));
    for (const call of calls) unreadable.add(call);
    await append(calls);
    const delivery = await open();
    await expect(delivery.round(webhook, ends)).rejects.toThrow('away');
    unreadable.clear();
    await deliver(await open());
    expect(got.toSorted()).toEqual(calls);
  });
});

describe('a receiver that is down', () => {
  it('gets everything once it is back, and few tries until then', async () => {
    answers = down;
    for (let call = 0; call < 200; call++) await append([String(call)]);
    const delivery = await open();
    await deliver(delivery);
    expect(got.length).toBeLessThan(100);
    const tried = got.length;
    now += 3_600_000;
    await deliver(delivery);
    expect(got.length).toBeLessThan(2 * tried + 10);
    answers = () => ({ ok: true, status: 200, ms: 1 });
    now += 3_600_000;
    await deliver(delivery);
    expect(new Set(got).size).toBe(200);
    expect(delivery.caughtUpAt).toBe(201);
  });

  it('does not keep others back that it takes', async () => {
    answers = (callId) => (callId === 'poison' ? down() : { ok: true, status: 200, ms: 1 });
    await append(['poison', '1']);
    const delivery = await open();
    await deliver(delivery);
    await append(['2']);
    await deliver(delivery);
    expect(got).toEqual(['poison', '1', '2']);
  });

  it('is not caught up while events are held back', async () => {
    answers = down;
    for (let call = 0; call < 6; call++) await append([String(call)]);
    const delivery = await open();
    await deliver(delivery);
    await append(['later']);
    await deliver(delivery);
    expect(delivery.caughtUpAt).toBeUndefined();
    expect(delivery.nextAt(now)).toBeGreaterThan(now);
  });

  it('has its events parked after three days, which are sent again when somebody asks', async () => {
    answers = down;
    for (let call = 0; call < 20; call++) await append([String(call)]);
    const from = now;
    const delivery = await open();
    await deliver(delivery);
    now += 3 * dayMs;
    await deliver(delivery);
    const parked = (await logged()).filter(({ outcome }) => outcome === 'parked');
    expect(parked).toHaveLength(20);
    expect(delivery.caughtUpAt).toBe(21);
    expect(await parkedNow()).toBe(20);
    answers = () => ({ ok: true, status: 200, ms: 1 });
    got = [];
    const again = await open();
    await again.add([{ id: 'job-2', kind: 'parked', from, to: from }]);
    await deliver(again);
    expect(got.toSorted((one, other) => Number(one) - Number(other))).toEqual(
      Array.from({ length: 20 }, (_, call) => String(call)),
    );
    expect(await parkedNow()).toBe(0);
    for await (const file of files.parked('wh1', 0, now)) expect(file).toBeUndefined();
  });

  it('of few sessions gets no further ones meanwhile, and none is parked early', async () => {
    answers = down;
    const delivery = await open({ ordered: true });
    for (let hour = 0; hour < 24; hour++) {
      now += 3_600_000;
      await append(
        Array.from({ length: 100 }, (_, call) => `s/${String(100 * hour + call).padStart(4, '0')}`),
      );
      await deliver(delivery, { ordered: true });
    }
    expect((await files.readState('wh1'))?.waiting.length).toBeLessThanOrEqual(1_000);
    expect(await parkedNow()).toBe(0);
    expect(delivery.nextAt(now)).toBeGreaterThan(now);
    answers = () => ({ ok: true, status: 200, ms: 1 });
    got = [];
    for (let minute = 0; minute < 60; minute++) {
      now += 60_000;
      await deliver(delivery, { ordered: true });
    }
    expect(got).toHaveLength(2_400);
    expect(got).toEqual(got.toSorted());
  });

  it('says when it wants the next try', async () => {
    answers = () => ({ ok: false, status: 429, error: 'HTTP 429', retryAfterSeconds: 600, ms: 1 });
    await append(['1']);
    const delivery = await open();
    await deliver(delivery);
    expect(delivery.nextAt(now)).toBe(now + 600_000);
  });
});

describe('an ordered webhook', () => {
  const ordered = { ordered: true } as const;

  it('gets the events of a session in the order of their ends, though they were listed in another', async () => {
    const [first, second] = [now - 2, now - 1];
    await append([{ call: 's/2', endedAt: second }], now - 100);
    const delivery = await open(ordered);
    await deliver(delivery, ordered);
    expect(got).toEqual([]);
    expect(delivery.nextAt(now)).toBe(second + 60_000);
    await append([{ call: 's/1', endedAt: first }], now);
    await deliver(delivery, ordered);
    expect(got).toEqual(['s/1', 's/2']);
    expect(delivery.caughtUpAt).toBe(3);
  });

  it('gets an event, though late, that was listed after its time was complete', async () => {
    await append(['s/1']);
    const delivery = await open(ordered);
    await deliver(delivery, ordered);
    await append([{ call: 's/0', endedAt: now - 5_000 }]);
    await deliver(delivery, ordered);
    expect(got).toEqual(['s/1', 's/0']);
  });

  it('gets many late events once each', async () => {
    await append(['s/1']);
    const delivery = await open(ordered);
    await deliver(delivery, ordered);
    await append(
      Array.from({ length: 200 }, (_, call) => ({ call: `t/${call}`, endedAt: now - 1_000 + call })),
    );
    await deliver(delivery, ordered);
    expect(got).toHaveLength(201);
    expect(new Set(got).size).toBe(201);
  });

  it('gets an event that only a segment far behind it completes', async () => {
    await append(['s/1'], 0);
    for (let at = 0; at < 600; at++) await append([], 0);
    await append([], now);
    await deliver(await open(ordered), ordered);
    expect(got).toEqual(['s/1']);
  });

  it('catches up with a log that is long', async () => {
    for (let call = 0; call < 1_500; call++) {
      now += 1_000;
      await append([`s/${call}`]);
    }
    await deliver(await open(ordered), ordered);
    expect(got).toEqual(Array.from({ length: 1_500 }, (_, call) => `s/${call}`));
  });

  it('that becomes one, or no longer is one, is sent nothing twice and misses nothing', async () => {
    await append(['1', '2', 's/1']);
    await append([{ call: 't/1', endedAt: now - 1 }]);
    await deliver(await open());
    const next = await open(ordered);
    await deliver(next, ordered);
    await deliver(next, ordered);
    expect(got).toHaveLength(4);
    now += 10;
    await append(['s/2', { call: 't/2', endedAt: now + 1_000 }]);
    await deliver(await open(ordered), ordered);
    expect(got).toHaveLength(5);
    await deliver(await open());
    expect(got.slice(4)).toEqual(['s/2', 't/2']);
  });

  it('waits with later events of a session for one that failed, and with no other session', async () => {
    answers = (callId) => (callId === 's/1' ? down() : { ok: true, status: 200, ms: 1 });
    await append(['s/1']);
    now += 1;
    await append(['s/2', 't/1']);
    const delivery = await open(ordered);
    await deliver(delivery, ordered);
    expect(got.toSorted()).toEqual(['s/1', 't/1']);
    answers = () => ({ ok: true, status: 200, ms: 1 });
    now += 6_000;
    await deliver(delivery, ordered);
    expect(got.slice(-2)).toEqual(['s/1', 's/2']);
  });

  it('learns from the next event of a session that one before it was parked', async () => {
    answers = (callId) => (callId === 's/1' ? down() : { ok: true, status: 200, ms: 1 });
    await append(['s/1']);
    now += 1;
    await append(['s/2', 's/3']);
    const delivery = await open(ordered);
    await deliver(delivery, ordered);
    expect(got).toEqual(['s/1']);
    now += 3 * dayMs;
    await deliver(delivery, ordered);
    expect(got.slice(-2)).toEqual(['s/2', 's/3']);
    expect(gaps).toEqual(['s/2']);
  });

  it('never breaks the order, whatever fails and dies', async () => {
    let seed = 1;
    const chance = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    answers = () => (chance() < 0.4 ? down() : { ok: true, status: 200, ms: 1 });
    let delivery = await open(ordered);
    const taken: string[] = [];
    const calls: string[] = [];
    for (let step = 0; step < 300; step++) {
      now += 1_000;
      const call = `${'stu'[step % 3]}/${String(step).padStart(3, '0')}`;
      calls.push(call);
      await append([call]);
      await delivery.round({ ...webhook, ...ordered }, ends);
      if (chance() < 0.5) await delivery.save();
      if (chance() < 0.2) delivery = await open(ordered);
    }
    answers = () => ({ ok: true, status: 200, ms: 1 });
    for (let hour = 0; hour < 4; hour++) {
      now += 3_600_000;
      await deliver(delivery, ordered);
    }
    for (const { about } of (await logged()).filter(({ outcome }) => outcome === 'delivered').reverse())
      if (!taken.includes(about)) taken.push(about);
    expect(taken.toSorted()).toEqual(calls.toSorted());
    for (const session of 'stu') {
      const own = taken.filter((call) => call.startsWith(session));
      expect(own).toEqual(own.toSorted());
    }
  });
});

describe('redeliveries', () => {
  it('send one event again, with the same id', async () => {
    await append(['1', '2']);
    await deliver(await open());
    const [entry] = (await logged()).filter(({ about }) => about === '2');
    const again = await open();
    await again.add([{ id: 'job-3', kind: 'one', segment: entry?.segment ?? 0, index: entry?.index ?? 0 }]);
    await deliver(again);
    expect(got).toEqual(['1', '2', '2']);
    const ids = (await logged()).filter(({ about }) => about === '2').map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(1);
  });

  it('send all events of a time again', async () => {
    const times: number[] = [];
    for (let call = 0; call < 300; call++) {
      now += 1_000;
      times.push(now);
      await append([String(call)]);
    }
    const delivery = await open();
    await deliver(delivery);
    got = [];
    await delivery.add([{ id: 'job-4', kind: 'range', from: times[100] ?? 0, to: times[249] ?? 0 }]);
    await deliver(delivery);
    expect(got.map(Number).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 150 }, (_, at) => at + 100),
    );
  });

  it('find the events of an outage, which are in a later segment', async () => {
    const from = now;
    now += 5 * 3_600_000;
    await append([{ call: '1', endedAt: from + 1_000 }], now);
    const delivery = await open();
    await deliver(delivery);
    await delivery.add([{ id: 'job-5', kind: 'range', from, to: from + 3_600_000 }]);
    await deliver(delivery);
    expect(got).toEqual(['1', '1']);
  });

  it('name events as they were named before', () => {
    const one = { callId: 'c', runId: 'r', outcome: 'failed', endedAt: 7 } as Ending;
    expect(nameOfEvent(one)).toEqual(nameOfEvent({ ...one }));
    expect(nameOfEvent(one).eventId).toMatch(/^evt_[0-9a-f]{32}$/);
    expect(nameOfEvent({ ...one, runId: 'r2' }).eventId).not.toBe(nameOfEvent(one).eventId);
  });
});
