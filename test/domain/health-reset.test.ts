import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { circuitOf } from '../../src/domain/circuit.ts';
import { errorTypes } from '../../src/domain/failures.ts';
import { copyHealth, healthStatus, recordOutcome } from '../../src/domain/health.ts';
import { resetHealth } from '../../src/domain/reset-health.ts';
import { healthAfter, healthOf, history, now, outcomeOf, times } from './health-support.ts';
import { countedTypes } from './support.ts';

describe('a reset', () => {
  it('makes any agent healthy and closes its circuit; totals, error counts and details stay', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        const before = healthOf(outcomes);
        const health = copyHealth(before);
        resetHealth(health, now);
        expect(healthStatus(health, now)).toBe('healthy');
        expect(circuitOf(health, now, 30_000)).toEqual({ state: 'closed' });
        const { recent, lastErrorType, failingSince, ...kept } = before;
        expect(health).toEqual({ ...kept, consecutiveFailures: 0, recent: [], resetAt: now });
        expect([recent.length, lastErrorType, failingSince]).toBeDefined();
      }),
    );
  });

  it('is not undone by earlier outcomes that arrive late, although they are counted', () => {
    fc.assert(
      fc.property(history, history, (outcomes, late) => {
        const health = healthOf(outcomes);
        resetHealth(health, now);
        for (const one of late) recordOutcome(health, one);
        const without = healthOf([...outcomes, ...late]);
        expect(healthStatus(health, now)).toBe('healthy');
        expect(health.consecutiveFailures).toBe(0);
        expect(health.totalRequests).toBe(without.totalRequests);
        expect(health.errorCounts).toEqual(without.errorCounts);
        expect(health.lastFailureAt).toBe(without.lastFailureAt);
      }),
    );
  });

  it('does not protect from failures after it', () => {
    const health = healthAfter('connection');
    resetHealth(health, now);
    recordOutcome(health, outcomeOf('connection', now + 1));
    expect(healthStatus(health, now + 1)).toBe('unreachable');
    expect(health.consecutiveFailures).toBe(1);
  });

  it('that arrives after later outcomes keeps them', () => {
    fc.assert(
      fc.property(fc.constantFrom(...countedTypes), fc.integer({ min: 1, max: 4 }), (type, later) => {
        const health = healthAfter('timeout', 'timeout', 'timeout', 'timeout');
        for (let i = 1; i <= later; i++) recordOutcome(health, outcomeOf(type, now + i));
        resetHealth(health, now);
        expect(health).toMatchObject({ consecutiveFailures: later, lastErrorType: type });
        expect(health.recent).toHaveLength(later);
      }),
    );
  });

  it('that arrives twice, or after a later reset, changes nothing more', () => {
    const once = healthAfter('timeout', 'timeout');
    resetHealth(once, now);
    const often = healthAfter('timeout', 'timeout');
    for (const at of [now, now - 5, now]) resetHealth(often, at);
    expect(often).toEqual(once);
  });
});

describe('the details of an agent for display', () => {
  it('are the latencies of the last 50 answered calls and the last 10 errors of calls, of every type', () => {
    const health = healthOf([
      ...times(60, 0).map((_, i) => ({ ...outcomeOf('ok', now + i), latencyMs: i + 0.4 })),
      ...errorTypes.map((type, i) => ({ ...outcomeOf(type, now + 100 + i), callId: `call ${i}` })),
      { ...outcomeOf('timeout', now + 200, true), callId: 'a probe' },
      { ...outcomeOf('ok', now + 201, true), latencyMs: 5 },
    ]);
    expect(health.latencies).toEqual(times(50, 0).map((_, i) => i + 10));
    expect(health.recentErrors).toEqual(
      errorTypes
        .map((type, i) => ({ at: now + 100 + i, type, callId: `call ${i}` }))
        .slice(errorTypes.length - 10),
    );
  });
});
