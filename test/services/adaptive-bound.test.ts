import { describe, expect, it } from 'vitest';
import { AdaptiveBound } from '../../src/services/calls/adaptive-bound.ts';

const fast = (bound: AdaptiveBound, times: number): void => {
  for (let i = 0; i < times; i++) bound.ended(0, 10);
};

describe('an adaptive bound', () => {
  it('begins with the lowest limit and grows by one with each round of fast work, up to the highest', () => {
    const bound = new AdaptiveBound({ least: 4, most: 6, slowMs: 100 });
    expect(bound.current).toBe(4);
    fast(bound, 5);
    expect(bound.current).toBe(5);
    fast(bound, 100);
    expect(bound.current).toBe(6);
  });

  it('is halved once by all slow work that ran at the same time, down to the lowest limit', () => {
    const bound = new AdaptiveBound({ least: 4, most: 16, slowMs: 100 });
    fast(bound, 1_000);
    expect(bound.current).toBe(16);
    for (let i = 0; i < 16; i++) bound.ended(1_000, 2_000 + i);
    expect(bound.current).toBe(8);
    bound.ended(2_001, 3_000);
    expect(bound.current).toBe(4);
    bound.ended(3_001, 4_000);
    expect(bound.current).toBe(4);
  });

  it('stays at the highest limit if that is below the lowest', () => {
    const bound = new AdaptiveBound({ least: 4, most: 1, slowMs: 100 });
    fast(bound, 10);
    bound.ended(1_000, 2_000);
    expect(bound.current).toBe(1);
  });
});
