import { describe, expect, it } from 'vitest';
import type { CallSummary } from '../../src/contract/calls.ts';
import { joined, leftPage, pageSize } from '../../web/src/calls/left-page.ts';

const call = (id: number, status = 'completed') => ({ call_id: `c${id}`, status }) as CallSummary;
/** A page whose newest call has that number. */
const pageFrom = (newest: number, size = pageSize) =>
  Array.from({ length: size }, (_, index) => call(newest - index));
const ids = (calls: readonly CallSummary[]) => calls.map((one) => one.call_id);

describe('calls that leave the live page', () => {
  it('belong below it if newer ones have come, so that the list has no hole', () => {
    const { down, gone, isGap } = leftPage(pageFrom(100), pageFrom(103), false);
    expect(ids(down)).toEqual(['c53', 'c52', 'c51']);
    expect([gone.size, isGap]).toEqual([0, false]);
    expect(leftPage([], pageFrom(100), false)).toEqual({ down: [], gone: new Set(), isGap: false });
  });

  it('leave a gap if more than a page has come', () => {
    expect(leftPage(pageFrom(100), pageFrom(151), false)).toMatchObject({ isGap: true });
    expect(leftPage(pageFrom(100), pageFrom(149), false)).toMatchObject({ isGap: false });
  });

  it('leave a gap although a call runs on, which is on the first page for as long as it runs', () => {
    const longest = call(0, 'running');
    const [before, now] = [100, 151].map((newest) => [longest, ...pageFrom(newest, pageSize - 1)]);
    expect(leftPage(before ?? [], now ?? [], false)).toMatchObject({ isGap: true });
  });

  it('are gone if they match no longer, or were deleted', () => {
    const before = pageFrom(100);
    const now = [call(101), ...before.filter((one) => one.call_id !== 'c90').slice(0, pageSize - 1)];
    const ceased = leftPage(before, now, true);
    expect([ids(ceased.down), [...ceased.gone]]).toEqual([[], ['c90']]);
    const two = leftPage(before, [call(102), ...now.slice(0, pageSize - 1)], true);
    expect([ids(two.down), [...two.gone]]).toEqual([['c51'], ['c90']]);
    const short = leftPage(pageFrom(10, 3), pageFrom(10, 2), false);
    expect([ids(short.down), [...short.gone]]).toEqual([[], ['c8']]);
  });
});

it('a call that is in several parts of the list is shown once, as the first part has it', () => {
  expect(joined([call(2), call(1, 'failed')], [call(1), call(0)])).toEqual([
    call(2),
    call(1, 'failed'),
    call(0),
  ]);
});
