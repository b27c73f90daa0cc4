import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { healthStatus, recordOutcome, successRate, type HealthStatus } from '../../src/domain/health.ts';
import {
  counts,
  failed,
  healthAfter,
  healthOf,
  history,
  minuteMs,
  now,
  outcomeOf,
  times,
  type Result,
} from './health-support.ts';

describe('the success rate', () => {
  it('covers the last 50 calls that count, as far as they are within 15 minutes', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        const lately = outcomes
          .filter((one) => !one.probe && counts(one))
          .slice(-50)
          .filter(({ at }) => at >= now - 15 * minuteMs);
        const successes = lately.filter((one) => !failed(one)).length;
        const expected = lately.length === 0 ? 100 : (100 * successes) / lately.length;
        expect(successRate(healthOf(outcomes), now)).toBeCloseTo(expected, 9);
      }),
    );
  });

  it('drops a failure with the 50th call after it', () => {
    expect(successRate(healthAfter('timeout', ...times(49, 'ok' as const)), now)).toBe(98);
    expect(successRate(healthAfter('timeout', ...times(50, 'ok' as const)), now)).toBe(100);
  });

  it('drops a failure or a success when it is more than 15 minutes old', () => {
    const at = now - 15 * minuteMs;
    const failure = healthOf([outcomeOf('timeout', at)]);
    expect([successRate(failure, now), successRate(failure, now + 1)]).toEqual([0, 100]);
    const both = healthOf([outcomeOf('ok', at), outcomeOf('timeout', now)]);
    expect([successRate(both, now), successRate(both, now + 1)]).toEqual([50, 0]);
  });
});

describe('the status of an agent', () => {
  it.each<[string, HealthStatus, Result[]]>([
    ['never asked', 'healthy', []],
    ['that always answered', 'healthy', ['ok', 'ok']],
    ['whose failures do not count', 'healthy', times(5, 'internal')],
    ['that failed one of three', 'degraded', ['ok', 'ok', 'timeout']],
    ['that failed exactly half', 'degraded', ['timeout', 'timeout', 'ok', 'ok']],
    ['that failed more than half', 'unhealthy', ['timeout', 'timeout', 'ok']],
    ['that failed the last two of many', 'degraded', [...times<Result>(8, 'ok'), 'timeout', 'auth']],
    [
      'that failed the last three of many',
      'unhealthy',
      [...times<Result>(8, 'ok'), ...times<Result>(3, 'auth')],
    ],
    ['whose failures are interrupted by a success', 'degraded', ['ok', 'ok', 'auth', 'auth', 'ok', 'auth']],
    ['that could not be reached last', 'unreachable', [...times<Result>(8, 'ok'), 'connection']],
    [
      'that failed often and could not be reached last',
      'unreachable',
      ['auth', 'auth', 'auth', 'connection'],
    ],
    ['that could not be reached before last', 'unhealthy', ['connection', 'connection', 'timeout']],
    ['whose last counted failure is a connection', 'unreachable', ['connection', 'invalid_request']],
    ['that answered after it could not be reached', 'degraded', ['ok', 'connection', 'ok']],
  ])('%s is %s', (_agent, status, results) => {
    expect(healthStatus(healthAfter(...results), now)).toBe(status);
  });

  it('is the first of unreachable, unhealthy, degraded and healthy whose condition holds', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        const health = healthOf(outcomes);
        const rate = successRate(health, now);
        const conditions: [HealthStatus, boolean][] = [
          ['unreachable', outcomes.filter(counts).at(-1)?.errorType === 'connection'],
          ['unhealthy', health.consecutiveFailures >= 3 || rate < 50],
          ['degraded', rate < 100],
          ['healthy', true],
        ];
        expect(healthStatus(health, now)).toBe(conditions.find(([, holds]) => holds)?.[0]);
      }),
    );
  });

  it('is healthy again after one success and 15 minutes, whatever happened before', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        const health = healthOf([...outcomes, outcomeOf('ok', now)]);
        expect(healthStatus(health, now + 16 * minuteMs)).toBe('healthy');
      }),
    );
  });

  it('follows probes: a failed probe makes it unreachable, a successful one ends a series of failures', () => {
    const health = healthAfter(...times<Result>(8, 'ok'), 'auth', 'auth');
    recordOutcome(health, outcomeOf('connection', now, true));
    expect(healthStatus(health, now)).toBe('unreachable');
    recordOutcome(health, outcomeOf('ok', now, true));
    expect(healthStatus(health, now)).toBe('degraded');
    expect(health.consecutiveFailures).toBe(0);
  });

  it('stays unhealthy while nobody asks it: consecutive failures do not expire', () => {
    const health = healthAfter(...times<Result>(3, 'auth'));
    expect(healthStatus(health, now + 24 * 60 * minuteMs)).toBe('unhealthy');
  });
});
