import { timeOf } from '../../src/domain/log-event.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { healthStatus, healthStatuses, healthWindow } from '../../src/domain/health.ts';
import { maxStateChanges, StateChanges, statusEndsAt } from '../../src/domain/state-changes.ts';
import { healthAfter, healthOf, history, now, outcomeOf } from './health-support.ts';

const status = fc.constantFrom(...healthStatuses);

describe('the changes of statuses', () => {
  it('are numbered without gaps, also from one run of the workflow to the next', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(status, status), { maxLength: 60 }), fc.nat(60), (all, cut) => {
        const first = new StateChanges();
        for (const [from, to] of all.slice(0, cut)) first.note('a', from, to, now);
        const second = new StateChanges(JSON.parse(JSON.stringify(first.kept)) as typeof first.kept);
        for (const [from, to] of all.slice(cut)) second.note('a', from, to, now);
        const real = all.filter(([from, to]) => from !== to);
        expect(second.sequence).toBe(real.length);
        expect(second.after(0)).toEqual(
          real.map(([from, to], index) => ({ agent: 'a', from, to, at: now, sequence: index + 1 })),
        );
      }),
    );
  });

  it('are kept as long as they are not too many, and returned after the one that is known', () => {
    const changes = new StateChanges();
    for (let change = 0; change < maxStateChanges + 5; change++)
      changes.note('a', 'healthy', 'degraded', now);
    expect(changes.after(0).map(({ sequence }) => sequence)[0]).toBe(6);
    expect(changes.kept.changes).toHaveLength(maxStateChanges);
    expect(changes.after(maxStateChanges + 3).map(({ sequence }) => sequence)).toEqual([
      maxStateChanges + 4,
      maxStateChanges + 5,
    ]);
  });
});

it('as many changes as are kept take little of the 2 MiB that the state of the workflow may have', () => {
  const changes = new StateChanges({ sequence: 1e12, changes: [] });
  for (let change = 0; change < maxStateChanges; change++)
    changes.note('n'.repeat(64), 'unreachable', 'unhealthy', now);
  expect(JSON.stringify(changes.kept).length).toBeLessThan(256 * 1_024);
});

describe('a status ends by itself', () => {
  it('when it is another one for the first time, and not before', () => {
    fc.assert(
      fc.property(history, fc.nat(healthWindow.maxAgeMs), (outcomes, later) => {
        const health = healthOf(outcomes);
        const noted = healthStatus(health, now);
        const endsAt = statusEndsAt(health, noted, now + later);
        const times = health.recent.flatMap(({ at }) => [0, 1].map((ms) => at + healthWindow.maxAgeMs + ms));
        const differs = [now + later, ...times]
          .filter((at) => at >= now + later)
          .sort((one, other) => one - other)
          .find((at) => healthStatus(health, at) !== noted);
        expect(endsAt).toBe(differs);
      }),
    );
  });

  it('as failures become too old, but not if the last outcome alone decides', () => {
    const degraded = healthOf([outcomeOf('timeout', now - 10), outcomeOf('ok', now), outcomeOf('ok', now)]);
    expect(statusEndsAt(degraded, 'degraded', now)).toBe(now - 10 + healthWindow.maxAgeMs + 1);
    expect(statusEndsAt(degraded, 'degraded', now + 2 * healthWindow.maxAgeMs)).toBe(
      now + 2 * healthWindow.maxAgeMs,
    );
    expect(statusEndsAt(healthAfter('ok'), 'healthy', now)).toBeUndefined();
    expect(statusEndsAt(healthAfter('connection'), 'unreachable', now)).toBeUndefined();
    expect(statusEndsAt(healthAfter('auth', 'auth', 'auth'), 'unhealthy', now)).toBeUndefined();
  });
});

it('an event happens when its batch ends or its agent changes', () => {
  const change = { agent: 'a', from: 'healthy', to: 'degraded', at: 5, sequence: 1, series: 's' } as const;
  const progress = { total: 0, done: 0, nowSucceeded: 0, failedAgain: 0, skipped: 0, cancelled: false };
  const batch = {
    batchId: 'b',
    runId: 'r',
    status: 'completed',
    startedAt: 1,
    endedAt: 7,
    progress,
  } as const;
  expect(timeOf({ type: 'agent.state_changed', ...change })).toBe(5);
  expect(timeOf({ type: 'batch.ended', ...batch })).toBe(7);
});
