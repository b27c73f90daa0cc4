import { describe, expect, it } from 'vitest';
import {
  agentCondition,
  diskCondition,
  outageCondition,
  refusedCondition,
  retentionCondition,
  webhookCondition,
} from '../../src/domain/alert-conditions.ts';
import {
  errorRateConditions,
  failoverCondition,
  queueCondition,
  ratesOf,
} from '../../src/domain/alert-rates.ts';
import { Distribution } from '../../src/domain/distribution.ts';
import { copyHealth, newHealth, recordOutcome, type AgentHealth } from '../../src/domain/health.ts';
import { resetHealth } from '../../src/domain/reset-health.ts';

const now = 1_800_000_000_000;
const minute = 60_000;
const agent = { name: 'helper' };

function healthOf(...outcomes: readonly (readonly [at: number, ok: boolean])[]): AgentHealth {
  const health = newHealth();
  for (const [at, ok] of outcomes)
    recordOutcome(health, {
      callId: 'c',
      agent: 'helper',
      at,
      ...(!ok && { errorType: 'connection' as const }),
    });
  return health;
}
/** Three failures, a millisecond apart. */
const failuresFrom = (at: number) => [at, at + 1, at + 2].map((one) => [one, false] as const);
const how = { now, forMs: minute };

describe('an agent', () => {
  it('has an alert once three calls or probes in a row have failed, the first of them long enough ago', () => {
    const health = healthOf([now - 90_000, false], [now - 89_000, false], [now - 10_000, false]);
    expect(agentCondition({ ...agent, project: 'crm' }, health, how)).toMatchObject({
      subject: 'helper',
      agent: 'helper',
      project: 'crm',
      since: now - 90_000,
      values: { seconds: 90, failures_in_a_row: 3 },
    });
    expect(agentCondition(agent, health, { now, forMs: 91_000 })).toBeUndefined();
  });

  it('has one after fewer failures only if they are far enough apart', () => {
    expect(agentCondition(agent, healthOf([now - 90_000, false]), how)).toBeUndefined();
    expect(
      agentCondition(agent, healthOf([now - 90_000, false], [now - 80_000, false]), how),
    ).toBeUndefined();
    const apart = healthOf([now - 90_000, false], [now - 30_000, false]);
    expect(agentCondition(agent, apart, how)).toMatchObject({ since: now - 90_000 });
  });

  it('has none while it is well, or since its last success', () => {
    expect(agentCondition(agent, newHealth(), how)).toBeUndefined();
    const flaps = healthOf([now - 90_000, false], [now - 30_000, true], ...failuresFrom(now - 20_000));
    expect(agentCondition(agent, flaps, how)).toBeUndefined();
    expect(agentCondition(agent, flaps, { now: now + minute, forMs: minute })).toMatchObject({
      since: now - 20_000,
    });
  });

  it('that failed hours ago, when it was asked last, begins anew', () => {
    const health = healthOf([now - 180 * minute, false], [now - 1, false]);
    expect(agentCondition(agent, health, how)).toBeUndefined();
    const rarelyAsked = healthOf(...[60, 40, 20, 0].map((ago) => [now - ago * minute, false] as const));
    expect(agentCondition(agent, rarelyAsked, how)).toMatchObject({ since: now - 20 * minute });
  });

  it('that was down before an upgrade counts since the last failure that is known', () => {
    const { failingSince, ...before } = healthOf(...failuresFrom(now - 120_000));
    expect(failingSince).toBe(now - 120_000);
    expect(agentCondition(agent, before, how)).toMatchObject({ since: now - 119_998 });
    const reset = copyHealth(before);
    resetHealth(reset, now - 119_999);
    expect(reset).not.toHaveProperty('failingSince');
    recordOutcome(before, {
      callId: 'p',
      agent: 'helper',
      at: now - 5,
      errorType: 'connection',
      probe: true,
    });
    expect(agentCondition(agent, before, how)).toMatchObject({ since: now - 119_998 });
  });

  it('that was reset counts only what failed since', () => {
    const health = healthOf(...failuresFrom(now - 120_000));
    resetHealth(health, now - 119_999);
    expect(health).toMatchObject({ failingSince: now - 119_999, consecutiveFailures: 1 });
    resetHealth(health, now);
    expect(health.failingSince).toBeUndefined();
  });

  it('that answers badly half the time, and well the last time, has none', () => {
    const health = healthOf([now - 9, false], [now - 8, false], [now - 7, false], [now - 6, true]);
    expect(agentCondition(agent, health, how)).toBeUndefined();
  });
});

describe('the other conditions', () => {
  it('hold beyond their bounds only', () => {
    expect(retentionCondition(0, { now, withinMs: 3_600_000 })).toBeUndefined();
    expect(retentionCondition(3, { now, withinMs: 90_000_000 })).toMatchObject({
      values: { calls: 3, within_hours: 25 },
    });
    const webhook = { id: 'wh1', name: 'crm', parked: 0 };
    expect(webhookCondition(webhook, now)).toBeUndefined();
    expect(webhookCondition({ ...webhook, project: 'crm', parked: 2 }, now)).toMatchObject({
      subject: 'wh1',
      project: 'crm',
    });
    expect(webhookCondition({ ...webhook, parked: 2 }, now)).not.toHaveProperty('project');
    const refused = { now, windowMs: 300_000, atLeast: 10 };
    expect(refusedCondition('node', 9, refused)).toBeUndefined();
    expect(refusedCondition('node', 10, refused)).toMatchObject({ subject: 'node', values: { calls: 10 } });
    expect(diskCondition('host', undefined, now)).toBeUndefined();
    expect(diskCondition('host', 'full', now)).toMatchObject({ subject: 'host', summary: 'host: full' });
    for (const outage of ['no_workers', 'temporal_unreachable'] as const)
      expect(outageCondition(outage, now - minute, now)).toMatchObject({
        condition: outage,
        subject: '',
        values: { seconds: 60 },
      });
  });
});

const limits = { objective: 0.99, failovers: 0.2, queueWaitMs: 1_000, atLeast: 10 };
const minuteOf = (at: number, name: string, completed: number, failed: number) =>
  ratesOf(at, [{ project: 'default', agent: name, calls: { completed, failed, cancelled: 50 } }]);

describe('error rates', () => {
  const rates = (...minutes: ReturnType<typeof minuteOf>[]) =>
    errorRateConditions(minutes, now, [agent], limits).map(({ subject }) => subject);

  it('fire for all calls and for the agent if both windows burn', () => {
    expect(rates(minuteOf(now - minute, 'helper', 10, 10))).toEqual(['', 'helper']);
    const [all] = errorRateConditions([minuteOf(now - minute, 'other', 0, 12)], now, [agent], limits);
    expect(all).toMatchObject({ values: { percent: 100, calls: 12, failed: 12, minutes: 60 } });
  });

  it('do not for few failures, those within the objective, or those that are over', () => {
    expect(rates()).toEqual([]);
    expect(rates(minuteOf(now - minute, 'helper', 0, 9))).toEqual([]);
    expect(rates(minuteOf(now - minute, 'helper', 1_000, 59))).toEqual([]);
    expect(
      rates(minuteOf(now - 40 * minute, 'helper', 0, 100), minuteOf(now - minute, 'helper', 9, 0)),
    ).toEqual([]);
    expect(rates(minuteOf(now - 400 * minute, 'helper', 0, 100))).toEqual([]);
  });

  it('stay while nobody calls, and end once calls are answered', () => {
    const failing = [180, 140, 100, 60, 20].map((ago) => minuteOf(now - ago * minute, 'helper', 0, 2));
    expect(rates(...failing)).toEqual(['', 'helper']);
    const [all] = errorRateConditions(failing, now + 15 * minute, [agent], limits);
    expect(all).toMatchObject({ since: now - 180 * minute, values: { percent: 100, failed: 10 } });
    expect(errorRateConditions(failing, now + 400 * minute, [agent], limits)).toEqual([]);
    expect(rates(...failing, minuteOf(now - 2 * minute, 'helper', 100, 0))).toEqual([]);
  });

  it('do not for calls whose agents were all paused', () => {
    const [calls, errors] = [{ failed: 20 }, { agent_paused: 20 }];
    expect(rates(ratesOf(now - minute, [{ project: 'default', agent: 'helper', calls, errors }]))).toEqual(
      [],
    );
  });

  it('fire for a slow burn over six hours', () => {
    const slow = errorRateConditions([minuteOf(now - 20 * minute, 'helper', 90, 10)], now, [agent], limits);
    expect(slow[0]).toMatchObject({ values: { percent: 10, minutes: 360 } });
  });
});

describe('failovers and waits', () => {
  const row = { project: 'default', agent: 'helper' };
  const of = (at: number, completed: number, failovers: number) =>
    ratesOf(at, [
      { ...row, calls: { completed }, failovers: { one: failovers } },
      { ...row, project: 'crm', calls: { failed: 1 } },
    ]);

  it('hold if a fallback answers too often', () => {
    expect(failoverCondition([of(now - minute, 20, 10)], now, limits)).toMatchObject({
      values: { percent: 50, failovers: 10, calls: 20 },
    });
    expect(failoverCondition([of(now - minute, 100, 10)], now, limits)).toBeUndefined();
    expect(failoverCondition([of(now - minute, 9, 9)], now, limits)).toBeUndefined();
    expect(failoverCondition([of(now - 16 * minute, 20, 10)], now, limits)).toBeUndefined();
  });

  it('do not for calls that passed over a paused agent', () => {
    const counts = { calls: { completed: 20 }, failovers: { one: 20 } };
    const passedOver = (calls: number) =>
      ratesOf(now - minute, [{ ...row, ...counts, attempts: { agent_paused: calls } }]);
    expect(failoverCondition([passedOver(20)], now, limits)).toBeUndefined();
    expect(failoverCondition([passedOver(25)], now, limits)).toBeUndefined();
    expect(failoverCondition([passedOver(8)], now, limits)).toMatchObject({ values: { failovers: 12 } });
  });

  it('hold if one call in 20 waits too long', () => {
    const waiting = (count: number, ms: number) => {
      const queued = new Distribution();
      for (let call = 0; call < count; call++) queued.add(ms);
      return [{ ...row, queued: queued.pack() }];
    };
    expect(queueCondition(waiting(10, 5_000), now, limits)).toMatchObject({
      values: { p95_seconds: 5, calls: 10 },
    });
    expect(queueCondition(waiting(9, 5_000), now, limits)).toBeUndefined();
    expect(queueCondition(waiting(10, 500), now, limits)).toBeUndefined();
    expect(queueCondition([], now, limits)).toBeUndefined();
  });
});
