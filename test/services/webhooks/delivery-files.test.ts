/** What is kept of deliveries, and how much of it one request reads. */
import { beforeEach, describe, expect, it } from 'vitest';
import { newDeliveries } from '../../../src/domain/delivery-state.ts';
import { DeliveryFiles, type DeliveryEntry } from '../../../src/services/webhooks/delivery-files.ts';
import { findTry, maxReadOfPage, readDeliveries } from '../../../src/services/webhooks/delivery-log.ts';
import { MemoryStore } from '../../payloads/memory-store.ts';

const hourMs = 3_600_000;
const begin = 1_000 * 24 * hourMs;
let store: MemoryStore;
let files: DeliveryFiles;
beforeEach(() => {
  store = new MemoryStore();
  files = new DeliveryFiles(store);
});

const entry = (at: number, outcome: DeliveryEntry['outcome'] = 'delivered'): DeliveryEntry => ({
  segment: 1,
  index: 0,
  eventId: `evt_${at}`,
  type: 'call.completed',
  about: 'call',
  happenedAt: at,
  at,
  outcome,
  tries: 1,
});

describe('the log of deliveries', () => {
  const seconds = 2_500;
  const look = () => ({ files, id: 'wh1', since: begin - hourMs, signal: new AbortController().signal });
  const end = begin + seconds * 1_000;

  beforeEach(async () => {
    for (let second = 0; second < seconds; second++) {
      const at = begin + second * 1_000;
      await files.append('wh1', at + 10, [entry(at, second === 3 ? 'parked' : 'delivered'), entry(at + 5)]);
    }
  });

  it('is read only so far for a page that it cannot fill; the next page goes on there', async () => {
    const wish = { outcome: 'parked', before: end, limit: 50 } as const;
    const first = await readDeliveries(look(), wish);
    expect(first.entries).toEqual([]);
    const reads = [...store.reads.values()].reduce((sum, count) => sum + count, 0);
    expect(reads).toBeLessThan(maxReadOfPage + 50);
    const next = await readDeliveries(look(), { ...wish, before: first.nextBefore ?? 0 });
    expect(next).toEqual({ entries: [entry(begin + 3_000, 'parked')] });
  });

  it('is listed page by page without a gap, each try once', async () => {
    const seen: number[] = [];
    let before: number | undefined = end;
    while (before !== undefined) {
      const page = await readDeliveries(look(), { before, limit: 500 });
      seen.push(...page.entries.map(({ at }) => at));
      before = page.nextBefore;
    }
    expect(seen).toHaveLength(2 * seconds);
    expect(seen).toEqual(seen.toSorted((one, other) => other - one));
  });

  it('is not read any further for a client that has left', async () => {
    const gone = { ...look(), signal: AbortSignal.abort(new Error('left')) };
    await expect(readDeliveries(gone, { before: end, limit: 50 })).rejects.toThrow('left');
    await expect(findTry(gone, 'evt_0', end)).rejects.toThrow('left');
  });

  it('finds a try of an event', async () => {
    expect(await findTry(look(), `evt_${begin}`, end)).toMatchObject({ at: begin });
    expect(await findTry(look(), `evt_${begin}`, begin)).toBeUndefined();
    expect(await findTry(look(), 'evt_0', end)).toBeUndefined();
  });

  it('is swept by whole hours, as soon as nothing more is written into them', async () => {
    await files.append('wh1', end + hourMs, [entry(end + hourMs)]);
    await files.sweep(new Set(['wh1']), begin + hourMs + 599_999);
    expect(await findTry(look(), `evt_${begin}`, end)).toMatchObject({ at: begin });
    await files.sweep(new Set(['wh1']), begin + hourMs + 600_000);
    expect([...store.keys()].filter((key) => key.includes('/log/'))).toHaveLength(1);
  });
});

it('a search that ends before the log does says how far it has come', async () => {
  const since = begin - 30_000 * hourMs;
  const look = { files, id: 'wh1', since, signal: new AbortController().signal };
  expect(await findTry(look, 'evt_0', begin)).toBe(begin - 19_999 * hourMs);
});

it.each(['{"a":1}', '[]', '1', 'null', '', '{"waiting":'])(
  'a state that is no state counts as missing: %s',
  async (text) => {
    await files.writeState('wh1', newDeliveries(3));
    expect(await files.readState('wh1')).toEqual(newDeliveries(3));
    await store.write('webhooks/wh1/state', Buffer.from(text));
    expect(await files.readState('wh1')).toBeUndefined();
  },
);
