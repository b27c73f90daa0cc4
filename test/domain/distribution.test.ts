import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Distribution } from '../../src/domain/distribution.ts';
import { percentile } from '../../src/domain/percentile.ts';

const durations = fc.array(
  fc.oneof(
    fc.constant(0),
    fc.double({ min: 0.001, max: 50, noNaN: true }),
    fc.double({ min: 1, max: 86_400_000, noNaN: true }),
  ),
  { maxLength: 300 },
);

function distributionOf(values: readonly number[]): Distribution {
  const distribution = new Distribution();
  for (const value of values) distribution.add(value);
  return distribution;
}

describe('a distribution', () => {
  it('has percentiles within 1 % of the exact ones', () => {
    fc.assert(
      fc.property(durations, fc.constantFrom(0, 1, 50, 95, 99, 100), (values, percent) => {
        const exact = percentile(values, percent);
        const found = distributionOf(values).percentile(percent);
        if (exact === undefined) expect(found).toBeUndefined();
        else expect(Math.abs((found ?? NaN) - exact)).toBeLessThanOrEqual(exact * 0.01 + 1e-9);
      }),
    );
  });

  it('is as exact about a sum of parts, and stores it as if it had counted all itself', () => {
    fc.assert(
      fc.property(fc.array(durations, { maxLength: 5 }), (parts) => {
        const sum = new Distribution();
        for (const part of parts) sum.addPacked(distributionOf(part).pack());
        const all = distributionOf(parts.flat());
        expect(sum.pack()).toEqual(all.pack());
        expect(sum.count).toBe(parts.flat().length);
        expect(sum.percentile(95)).toBe(all.percentile(95));
      }),
    );
  });

  it('is as before when what was added is taken out', () => {
    fc.assert(
      fc.property(durations, durations, (kept, added) => {
        const distribution = distributionOf(kept);
        for (const value of added) distribution.add(value);
        distribution.addPacked(distributionOf(added).pack(), -1);
        expect(distribution.pack()).toEqual(distributionOf(kept).pack());
        expect(distribution.percentile(50)).toBe(distributionOf(kept).percentile(50));
      }),
    );
  });

  it('counts what is no duration as 0, and stores nothing if nothing was counted', () => {
    const distribution = distributionOf([-5, NaN, 0, 0.0001]);
    expect([distribution.count, distribution.percentile(99)]).toEqual([4, 0]);
    expect(distribution.pack()).toEqual([4]);
    expect(new Distribution().pack()).toEqual([]);
  });

  it('reads a stored bin without a count as an empty one', () => {
    const distribution = new Distribution();
    distribution.addPacked([1, 300]);
    expect(distribution.count).toBe(1);
  });
});
