import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorTypes, type ErrorType } from '../../src/domain/failures.ts';
import {
  copyHealth,
  healthStatus,
  recordOutcome,
  sumErrorCounts,
  type Outcome,
} from '../../src/domain/health.ts';
import { counts, failed, healthAfter, healthOf, history, now, outcome, outcomeOf } from './health-support.ts';
import { countedTypes, ignoredTypes } from './support.ts';

const latest = (outcomes: readonly Outcome[]): number | undefined =>
  outcomes.length === 0 ? undefined : Math.max(...outcomes.map(({ at }) => at));

describe('the figures of an agent', () => {
  it('count all calls whose outcomes count, and errors of every type; probes do not count', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        const health = healthOf(outcomes);
        const calls = outcomes.filter((one) => !one.probe);
        expect(health.totalRequests).toBe(calls.filter(counts).length);
        expect(health.totalFailures).toBe(calls.filter(counts).filter(failed).length);
        for (const type of errorTypes)
          expect(health.errorCounts[type] ?? 0).toBe(calls.filter((one) => one.errorType === type).length);
      }),
    );
  });

  it('have the time of the last success and of the last failure that counts, even if reports arrive late', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        const health = healthOf(outcomes);
        const counted = outcomes.filter(counts);
        expect(health.lastFailureAt).toBe(latest(counted.filter(failed)));
        expect(health.lastSuccessAt).toBe(latest(counted.filter((one) => !failed(one))));
      }),
    );
  });

  it('count the failures since the last success, including failed probes', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        const counted = outcomes.filter(counts);
        const successes = counted.map((one) => !failed(one));
        const health = healthOf(outcomes);
        expect(health.consecutiveFailures).toBe(counted.length - 1 - successes.lastIndexOf(true));
        expect(health.lastErrorType).toBe(counted.at(-1)?.errorType);
      }),
    );
  });

  it('change only in the error counts and the recent errors with an outcome that does not count', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(...ignoredTypes), fc.boolean(), (outcomes, type, probe) => {
        const before = healthOf(outcomes);
        const after = healthOf([...outcomes, outcomeOf(type, now, probe)]);
        const count = (before.errorCounts[type] ?? 0) + (probe ? 0 : 1);
        expect({ ...after, recentErrors: [] }).toEqual({
          ...before,
          recentErrors: [],
          errorCounts: { ...before.errorCounts, ...(count > 0 && { [type]: count }) },
        });
      }),
    );
  });

  it('of the original do not change when a copy does', () => {
    fc.assert(
      fc.property(history, fc.array(outcome, { minLength: 1 }), (outcomes, more) => {
        const original = healthOf(outcomes);
        const copy = copyHealth(original);
        for (const one of more) recordOutcome(copy, one);
        expect(original).toEqual(healthOf(outcomes));
        expect(copy).toEqual(healthOf([...outcomes, ...more]));
      }),
    );
  });

  it('are copied including the latencies', () => {
    const answered = (latencyMs: number): Outcome => ({ ...outcomeOf('ok', now), latencyMs });
    const original = healthOf([answered(7)]);
    const copy = copyHealth(original);
    recordOutcome(copy, answered(9));
    expect(original.latencies).toEqual([7]);
    expect(copy.latencies).toEqual([7, 9]);
  });

  it('survive a round trip through JSON', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        const health = healthOf(outcomes);
        expect(JSON.parse(JSON.stringify(health))).toEqual(health);
      }),
    );
  });
});

it('an error type of a newer version changes only the error counts', () => {
  const newer = 'of_tomorrow' as ErrorType;
  const health = healthAfter('ok', newer);
  expect(health).toMatchObject({ totalRequests: 1, totalFailures: 0, errorCounts: { of_tomorrow: 1 } });
  expect(healthStatus({ ...health, lastErrorType: newer }, now)).toBe('healthy');
});

it('the sums over agents have every error type, with 0 for those that never occurred', () => {
  expect(Object.keys(sumErrorCounts([])).toSorted()).toEqual(errorTypes.toSorted());
  fc.assert(
    fc.property(fc.array(history, { maxLength: 4 }), (histories) => {
      const calls = histories.flat().filter((one) => !one.probe);
      const expected = errorTypes.map((type) => [type, calls.filter((one) => one.errorType === type).length]);
      expect(sumErrorCounts(histories.map(healthOf))).toEqual(Object.fromEntries(expected));
    }),
  );
});

it('every failure counts against the agent except those of the caller, the request and Holdfast', () => {
  expect([...countedTypes, ...ignoredTypes].toSorted()).toEqual(errorTypes.toSorted());
  expect(ignoredTypes.toSorted()).toEqual([
    'agent_paused',
    'cancelled',
    'deadline_exceeded',
    'internal',
    'invalid_request',
    'no_slot',
    'payload_lost',
    'payload_too_large',
  ]);
});
