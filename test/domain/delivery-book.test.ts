import { describe, expect, it } from 'vitest';
import { DeliveryBook, maxWaiting, type Sending } from '../../src/domain/delivery-book.ts';
import { heldAfter, newDeliveries, parkedSince } from '../../src/domain/delivery-state.ts';

const bookFrom = (segment = 7): DeliveryBook => new DeliveryBook(newDeliveries(segment));
const event = (index: number, lane?: string): Sending => ({
  segment: 7,
  index,
  since: 100,
  tries: 0,
  ...(lane !== undefined && { lane }),
});
const failure = { at: 1_000, error: 'HTTP 500', status: 500 };
const waitingIn = (book: DeliveryBook) => book.state.waiting.map(({ index }) => index);

describe('deliveries of a webhook', () => {
  it('begin with the first segment that may have events', () => {
    expect(bookFrom(7).state.place).toEqual({ segment: 7, index: 0, settledUntil: 0, seen: 6 });
    expect(bookFrom().nextDueAt()).toBeUndefined();
  });

  it('say whether something is to be written', () => {
    const book = bookFrom();
    expect(book.isChanged).toBe(false);
    book.failed(event(0), failure, 5_000);
    expect(book.isChanged).toBe(true);
    book.saved();
    expect(book.isChanged).toBe(false);
  });

  it('try a failed event again after a pause, and count what was delivered', () => {
    const book = bookFrom();
    book.failed(event(0), failure, 5_000);
    expect(book.state).toMatchObject({ failures: 1, failingSince: 1_000, lastTry: failure });
    expect(book.nextDueAt()).toBe(6_000);
    expect(book.due(5_999)).toEqual([]);
    const [due] = book.due(6_000);
    expect(due).toMatchObject({ index: 0, tries: 1 });
    book.failed(due as Sending, { at: 6_000, error: 'timeout' }, 10_000);
    expect(book.state).toMatchObject({ failures: 1, failingSince: 1_000, lastTry: { error: 'timeout' } });
    book.delivered({ ...event(0), tries: 2 }, 16_000, 204);
    expect(book.state).toMatchObject({ failures: 0, waiting: [], delivered: 1, lastTry: { status: 204 } });
    expect(book.state.failingSince).toBeUndefined();
  });

  it('are held back once several events in a row have failed, until one succeeds', () => {
    const book = bookFrom();
    for (let index = 0; index < heldAfter; index++) {
      expect(book.takes(1_000)).toBe('many');
      book.failed(event(index), failure, 5_000);
    }
    expect([book.takes(1_000), book.receiver]).toEqual(['none', 'down']);
    book.parked(event(0), 2 * 86_400_000);
    expect([book.takes(1_000), book.receiver]).toEqual(['one', 'doubtful']);
    book.delivered(event(1), 2_000, 200);
    expect([book.takes(2_000), book.receiver]).toEqual(['many', 'up']);
  });

  it('try another one now and then while the receiver seems to be down: perhaps it refuses only those that wait', () => {
    const book = bookFrom();
    for (let index = 0; index < heldAfter; index++) book.failed(event(index), failure, 5_000);
    expect([book.takes(300_999), book.takes(301_000)]).toEqual(['none', 'a probe']);
    book.update({ probedAt: 301_000 });
    expect([book.takes(600_999), book.takes(601_000)]).toEqual(['none', 'a probe']);
  });

  it('are not the fault of a receiver that got nothing', () => {
    const book = bookFrom();
    for (let index = 0; index < heldAfter; index++)
      book.failed(event(index), failure, 5_000, { isOurs: true });
    expect(book.takes(1_000)).toBe('many');
    expect(book.state.failingSince).toBe(1_000); // It is shown as failing all the same: nothing arrives.
  });

  it('take one for the worst while many wait, or a probe if nothing was taken lately', () => {
    const book = bookFrom();
    for (let index = 0; index < maxWaiting; index++) book.waitBehind(event(index));
    expect(book.takes(100_000)).toBe('a probe');
    book.update({ probedAt: 100_000 });
    expect(book.takes(159_999)).toBe('none');
    expect(book.takes(160_000)).toBe('a probe');
    book.update({ deliveredAt: 160_000 });
    expect(book.takes(219_999)).toBe('none'); // Those that wait are sent first: none of them has failed.
    book.failed({ ...event(3), tries: 2 }, { ...failure, at: 160_000 }, 90_000);
    book.failed({ ...event(7), tries: 5 }, { ...failure, at: 160_000 }, 90_000);
    expect(book.takes(219_999)).toBe('one for the worst');
    expect(book.takes(220_000)).toBe('a probe');
    expect(book.worst(164_999)).toMatchObject({ index: 7, tries: 6 });
    for (let index = 0; index < 2 * maxWaiting; index++) book.waitBehind(event(index));
    expect(book.takes(1_000_000)).toBe('none');
  });

  it('try everything at once when a receiver is back that was down', () => {
    const book = bookFrom();
    for (let index = 0; index < heldAfter; index++) book.failed(event(index), failure, 900_000);
    expect(book.due(2_000)).toEqual([]);
    book.delivered({ ...event(0), tries: 1 }, 2_000, 200);
    expect(book.due(2_000)).toHaveLength(heldAfter - 1);
  });

  it('leave the pauses of events that a receiver refuses, however often it takes others', () => {
    const book = bookFrom();
    for (const index of [0, 1]) book.failed(event(index), failure, 900_000);
    for (let minute = 1; minute < 10; minute++) {
      book.failed({ ...event(0), tries: minute }, { at: minute * 60_000, error: 'x' }, 900_000);
      book.delivered(event(minute + 1), (minute + 2) * 60_000, 200);
    }
    expect(book.due(660_000)).toEqual([]);
  });

  it('take a job once, though an activity gets it twice', () => {
    const book = bookFrom();
    expect([book.isNewJob('a'), book.isNewJob('a')]).toEqual([true, false]);
    for (let job = 0; job < 200; job++) book.isNewJob(String(job));
    expect(book.state.jobIds).toHaveLength(100);
  });

  it('keep the order of a lane: the later events wait behind the first', () => {
    const book = bookFrom();
    book.failed(event(0, 'a'), failure, 5_000);
    expect(book.isBehind(event(1, 'a'))).toBe(true);
    expect(book.isBehind(event(0, 'a'))).toBe(false);
    expect(book.isBehind(event(1, 'b'))).toBe(false);
    expect(book.isBehind(event(1))).toBe(false);
    expect(bookFrom().isBehind(event(1, 'a'))).toBe(false);
    book.waitBehind(event(1, 'a'));
    book.waitBehind(event(1, 'a'));
    book.waitBehind(event(2));
    expect(waitingIn(book)).toEqual([0, 1, 2]);
    expect(book.due(1_000).map(({ index }) => index)).toEqual([2]);
    expect(book.nextDueAt()).toBe(0);
    book.delivered(event(0, 'a'), 6_000, 200);
    book.dropped(event(2));
    expect(book.due(6_000).map(({ index }) => index)).toEqual([1]);
  });

  it('say of the next event of a lane that one before it was parked, until that is delivered', () => {
    const book = bookFrom();
    book.failed(event(0, 'a'), failure, 5_000);
    book.parked(event(0, 'a'), 2 * 86_400_000);
    expect(book.state).toMatchObject({ parked: { 2: 1 }, waiting: [], gaps: ['a'] });
    book.parked(event(1, 'a'), 2 * 86_400_000);
    expect(book.state.gaps).toEqual(['a']);
    expect([book.hasGap('a'), book.hasGap('b'), book.hasGap(undefined)]).toEqual([true, false, false]);
    book.delivered(event(2, 'a'), 6_000, 200);
    expect(book.hasGap('a')).toBe(false);
    book.parked(event(3), 2 * 86_400_000);
    expect(book.state.gaps).toEqual([]);
  });

  it('count what was parked by day, until it is sent again', () => {
    const book = bookFrom();
    book.parked(event(0), 2 * 86_400_000);
    book.parked(event(1), 3 * 86_400_000);
    book.parked(event(2), 3 * 86_400_000);
    expect(parkedSince(book.state, 0)).toBe(3);
    expect(parkedSince(book.state, 3 * 86_400_000 + 1)).toBe(2);
    book.countParked(3, -2);
    book.countParked(9, -1);
    expect(book.state.parked).toEqual({ 2: 1 });
    book.parked(event(3), 367 * 86_400_000);
    expect(book.state.parked).toEqual({ 2: 1, 367: 1 });
    book.parked(event(4), 368 * 86_400_000); // No event is kept for so long.
    expect(book.state.parked).toEqual({ 367: 1, 368: 1 });
  });

  it('are tried at once if somebody asks for it', () => {
    const book = bookFrom();
    book.failed(event(0), failure, 5_000);
    book.retryNow();
    expect(book.due(1_001)).toHaveLength(1);
    book.beginAnew(2_000);
    expect(book.state).toMatchObject({ dueSince: 2_000, waiting: [{ since: 2_000, nextAt: 0 }] });
  });
});
