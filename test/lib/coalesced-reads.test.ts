import { describe, expect, it } from 'vitest';
import { CoalescedReads } from '../../src/lib/coalesced-reads.ts';

/** Reads that end when the test ends them and return their number. */
function scriptedReads() {
  const ends: { answer(): void; fail(): void }[] = [];
  const readValue = () =>
    new Promise<number>((resolve, reject) => {
      const number = ends.length;
      ends.push({ answer: () => resolve(number), fail: () => reject(new Error(`read ${number} failed`)) });
    });
  return { ends, readValue };
}

describe('coalesced reads', () => {
  it('give callers that arrive during a read the value of the next one, which begins after they asked', async () => {
    const { ends, readValue } = scriptedReads();
    const reads = new CoalescedReads<number>();
    const first = reads.read('a', readValue);
    const others = [reads.read('a', readValue), reads.read('a', readValue)];
    expect(ends).toHaveLength(1);

    ends[0]?.answer();
    expect(await first).toBe(0);
    await expect.poll(() => ends.length).toBe(2);
    const late = reads.read('a', readValue);
    ends[1]?.answer();
    expect(await Promise.all(others)).toEqual([1, 1]);
    await expect.poll(() => ends.length).toBe(3);
    ends[2]?.answer();
    expect(await late).toBe(2);
  });

  it('of different keys do not wait for each other', async () => {
    const { ends, readValue } = scriptedReads();
    const reads = new CoalescedReads<number>();
    const both = [reads.read('a', readValue), reads.read('b', readValue)];
    for (const end of ends) end.answer();
    expect(await Promise.all(both)).toEqual([0, 1]);
  });

  it('that fail reject for waiting callers too, and the next caller reads again', async () => {
    const { ends, readValue } = scriptedReads();
    const reads = new CoalescedReads<number>();
    const both = Promise.allSettled([reads.read('a', readValue), reads.read('a', readValue)]);
    ends[0]?.fail();
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(ends).toHaveLength(1);

    const next = reads.read('a', readValue);
    ends[1]?.answer();
    expect(await next).toBe(1);
  });
});
