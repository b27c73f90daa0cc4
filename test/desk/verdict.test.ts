import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/contract/alerts.ts';
import type { FiguresAnswer } from '../../src/contract/figures.ts';
import type { AgentHealth } from '../../src/contract/health.ts';
import type { RunningNode } from '../../src/contract/nodes.ts';
import { verdictOf } from '../../web/src/overview/verdict.ts';
import { percent } from '../../web/src/plots/figure-specs.ts';

const now = Date.UTC(2026, 10, 30, 12);
const minute = 60_000;

/** Figures of an hour by minute: by default ten calls in each minute, none of which failed. */
function figures(failedAt: (minutesAgo: number) => number = () => 0, perMinute = 10): FiguresAnswer {
  const intervals = Array.from({ length: 60 }, (_, index) => {
    const failed = failedAt(60 - index);
    return {
      from: new Date(now - (60 - index) * minute).toISOString(),
      calls: { completed: perMinute - failed, failed, cancelled: 0 },
    };
  });
  const sum = (of: 'completed' | 'failed') => intervals.reduce((all, { calls }) => all + calls[of], 0);
  return {
    complete_until: new Date(now - minute).toISOString(),
    damaged_files: [],
    intervals,
    total: { calls: { completed: sum('completed'), failed: sum('failed'), cancelled: 0 } },
  } as unknown as FiguresAnswer;
}

function agent(agent_name: string, more: Partial<AgentHealth> = {}): AgentHealth {
  return { agent_name, status: 'healthy', circuit: 'closed', ...more } as AgentHealth;
}

function alert(more: Partial<Alert>): Alert {
  return {
    condition: 'disk_low',
    severity: 'critical',
    agent_name: null,
    silenced_until: null,
    ...more,
  } as Alert;
}

const worker = { role: 'worker' } as RunningNode;
const facade = { role: 'facade' } as RunningNode;
const calm = {
  figures: figures(),
  healths: [agent('a'), agent('b')],
  nodes: [worker, facade],
  alerts: [],
  now,
};

describe('the verdict', () => {
  it('is that all is well, with the figures, if nothing is wrong', () => {
    expect(verdictOf(calm)).toEqual({
      state: 'well',
      findings: [],
      summary: '600 calls, 0 % failed, 2 agents healthy',
    });
    expect(verdictOf({ ...calm, nodes: undefined }).state).toBe('well');
  });

  it('names agents that are out first, and at most three of them', () => {
    const slow = agent('slow', { status: 'degraded' });
    const broken = agent('broken', { status: 'unhealthy', circuit: 'half_open' });
    const out = agent('planner', { status: 'unreachable', circuit: 'open' });
    const verdict = verdictOf({ ...calm, healths: [slow, broken, out] });
    expect(verdict).toMatchObject({
      state: 'wrong',
      findings: [
        'planner is unreachable, its circuit is open',
        'broken is unhealthy, its circuit is half open',
        'slow is degraded',
      ],
    });
    expect(verdict.summary).toContain('0 of 3 agents healthy');
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) => agent(name, { status: 'unhealthy' }));
    expect(verdictOf({ ...calm, healths: many }).findings).toEqual([
      'a is unhealthy',
      'b is unhealthy',
      'c is unhealthy',
      '2 more agents are unhealthy',
    ]);
  });

  it('says how many of the newest calls fail, even if the range as a whole is fine', () => {
    const verdict = verdictOf({ ...calm, figures: figures((ago) => (ago <= 10 ? 2 : 0)) });
    expect(verdict.findings).toEqual(['20 % of the newest 100 calls failed']);
    expect(verdict.summary).toContain('3.3 % failed');
  });

  it('says that calls of the range failed, even if the newest do not', () => {
    expect(verdictOf({ ...calm, figures: figures((ago) => (ago > 30 ? 2 : 0)) }).findings).toEqual([
      '10 % of the calls failed',
    ]);
  });

  it('does not take one failure of a few calls for an outage', () => {
    expect(verdictOf({ ...calm, figures: figures((ago) => Number(ago === 1), 0) }).findings).toEqual([]);
  });

  it('measures failures by the calls that were answered or failed, as alerts do', () => {
    const some = figures((ago) => Number(ago <= 10), 1);
    const cancelled = { completed: 0, failed: 0, cancelled: 900 };
    const intervals = [
      ...some.intervals,
      { ...some.intervals[0], from: new Date(now).toISOString(), calls: cancelled },
    ];
    const total = { ...some.total, calls: { ...some.total.calls, cancelled: 900 } };
    const verdict = verdictOf({ ...calm, figures: { ...some, intervals, total } as FiguresAnswer });
    expect(verdict.findings).toEqual(['100 % of the newest 9 calls failed']);
    expect(verdict.summary).toContain('960 calls, 17 % failed');
  });

  it('is not that all is well while an alert is active, and says what it is about once', () => {
    const temporal = alert({ condition: 'temporal_unreachable', summary: 'Temporal does not answer' });
    const parked = alert({
      condition: 'webhook_parked',
      severity: 'warning',
      summary: 'events were given up',
    });
    const silenced = alert({ summary: 'a disk is full', silenced_until: new Date(now).toISOString() });
    expect(verdictOf({ ...calm, alerts: [parked, temporal, silenced] })).toMatchObject({
      state: 'wrong',
      findings: ['Temporal does not answer', 'events were given up', 'a disk is full'],
    });
    expect(verdictOf({ ...calm, alerts: [parked] }).state).toBe('watch');
    const out = alert({ condition: 'agent_unreachable', agent_name: 'a', summary: 'a cannot be reached' });
    const healths = [agent('a', { status: 'unreachable' })];
    expect(verdictOf({ ...calm, alerts: [out], healths }).findings).toEqual(['a is unreachable']);
    expect(verdictOf({ ...calm, alerts: [out] }).findings).toEqual(['a cannot be reached']);
    const many = Array.from({ length: 5 }, () => temporal);
    expect(verdictOf({ ...calm, alerts: many }).findings[3]).toBe('2 more alerts are active');
  });

  it('wants to be watched while agents are paused, and says why they are', () => {
    const healths = [
      agent('a', { paused: { reason: 'a new model' } as AgentHealth['paused'] }),
      agent('b', { paused: { reason: null } as AgentHealth['paused'] }),
    ];
    expect(verdictOf({ ...calm, healths })).toMatchObject({
      state: 'watch',
      findings: ['a is paused: a new model', 'b is paused'],
    });
  });

  it('says that it is not known how it is if that cannot be loaded again', () => {
    const problem = { title: 'The node does not answer' };
    expect(verdictOf({ ...calm, problem })).toMatchObject({
      state: 'wrong',
      findings: ['How it is now is not known: The node does not answer'],
    });
  });

  it('says that no worker runs', () => {
    expect(verdictOf({ ...calm, nodes: [facade] }).findings).toEqual([
      'No worker runs: calls are accepted, and wait',
    ]);
  });

  it('wants to be watched if an agent is degraded, or the figures are behind', () => {
    const late = { ...figures(), complete_until: new Date(now - 10 * minute).toISOString() };
    expect(
      verdictOf({ ...calm, figures: late, healths: [agent('a', { status: 'degraded' })] }),
    ).toMatchObject({
      state: 'watch',
      findings: ['a is degraded', 'Figures are behind: the last 10 m 00 s are missing'],
    });
    expect(verdictOf({ ...calm, figures: { ...late, complete_until: null } }).state).toBe('well');
  });
});

it('a share shows as many digits as it needs', () => {
  expect([0, 0.04, 0.3, 3.33, 5, 12.6, 100].map(percent)).toEqual([
    '0 %',
    '0.04 %',
    '0.3 %',
    '3.3 %',
    '5 %',
    '13 %',
    '100 %',
  ]);
});
