import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorTypes } from '../../src/domain/failures.ts';
import { newHealth, recordOutcome, type AgentHealth, type Outcome } from '../../src/domain/health.ts';
import { packHealth, unpackHealth, type PackedHealth } from '../../src/domain/packed-health.ts';
import { percentile } from '../../src/domain/percentile.ts';
import { healthOf, history, now, outcomeOf, times } from './health-support.ts';
import { anyText } from './support.ts';

const detailed = fc
  .array(fc.tuple(history, fc.nat({ max: 600_000 }), anyText), { maxLength: 3 })
  .map((all) =>
    healthOf(
      all.flatMap(([outcomes, latencyMs, callId]) =>
        outcomes.map((outcome) => ({ ...outcome, callId, latencyMs })),
      ),
    ),
  );
const throughJson = (health: PackedHealth): PackedHealth =>
  JSON.parse(JSON.stringify(health)) as PackedHealth;

describe('packed health', () => {
  it('survives a round trip through a payload', () => {
    fc.assert(
      fc.property(detailed, (health) => {
        expect(unpackHealth(throughJson(packHealth(health, 1)))).toEqual(
          JSON.parse(JSON.stringify(health)) as AgentHealth,
        );
      }),
    );
  });

  it('is encoded in the form that earlier versions read', () => {
    const health = healthOf([outcomeOf('ok', now), outcomeOf('timeout', now + 7)]);
    const { outcomes, recent } = packHealth(health, 1);
    expect({ outcomes, recent }).toEqual({ outcomes: `${(2 * now + 1).toString(36)},d`, recent: [] });
  });

  it('from before lists were packed can be read', () => {
    const old = { totalRequests: 2, totalFailures: 1, consecutiveFailures: 0, errorCounts: { timeout: 1 } };
    expect(unpackHealth({ ...old, recent: [2 * now, 2 * now + 1] })).toEqual({
      ...old,
      recent: [
        { at: now, ok: false },
        { at: now, ok: true },
      ],
    });
  });

  it("that an earlier version continued has that version's outcomes after the packed ones", () => {
    const packed = packHealth(healthOf([outcomeOf('ok', now)]), 1);
    const goneOn = { ...packed, recent: [2 * (now + 1)] };
    expect(unpackHealth(goneOn).recent).toEqual([
      { at: now, ok: true },
      { at: now + 1, ok: false },
    ]);
  });

  it('keeps only the last 25 latencies and 3 errors of each agent if there are more than 500 agents', () => {
    const health = healthOf([
      ...times(12, 0).map((_, i) => ({ ...outcomeOf('timeout', now + i), callId: `${i}` })),
      ...times(60, 0).map((_, i) => ({ ...outcomeOf('ok', now + i), latencyMs: i })),
    ]);
    const kept = (agents: number) => {
      const { latencies, recentErrors } = unpackHealth(packHealth(health, agents));
      return { latencies, errors: recentErrors?.map(({ callId }) => Number(callId)) };
    };
    const upTo = (last: number, count: number) => times(count, 0).map((_, i) => last - count + 1 + i);
    expect(kept(500)).toEqual({ latencies: upTo(59, 50), errors: upTo(11, 10) });
    expect(kept(501)).toEqual({ latencies: upTo(59, 25), errors: upTo(11, 3) });
  });

  it('of 1,000 busy agents with all details and the ids of the latest batches takes less than 1 MiB', () => {
    const agents = Object.fromEntries(
      times(1_000, 0).map((_, i) => [
        `an-agent-with-a-longish-name-${i}`,
        { version: 1_000_000, health: packHealth(busyHealth(), 1_000) },
      ]),
    );
    const batchIds = times(200, '5f0c6f4e-4a3b-4a36-9c0e-0a3d9f2f8a11');
    const bytes = Buffer.byteLength(JSON.stringify({ version: 1_000_000, agents, batchIds }));
    expect(bytes).toBeLessThan(1024 * 1024);
  });
});

/** The types that count: a paused agent is not asked. */
const countedTypes = errorTypes.filter((type) => type !== 'agent_paused');

/** The health of an agent that is asked every 15 s, answers within 100 s, and fails every tenth call, with each type in turn. */
function busyHealth(): AgentHealth {
  const health = newHealth();
  for (let i = 0; i < 600; i++) {
    const errorType = countedTypes[(i / 10) % countedTypes.length];
    const outcome: Outcome = {
      callId: '5f0c6f4e-4a3b-4a36-9c0e-0a3d9f2f8a11',
      agent: 'agent',
      at: now + i * 15_123,
      ...(i % 10 === 0 && errorType ? { errorType } : { latencyMs: 30_000 + ((i * 7_919) % 70_000) }),
    };
    recordOutcome(health, outcome);
  }
  return { ...health, totalRequests: 10_000_000, totalFailures: 1_000_000 };
}

it('a percentile is the smallest value that this share of the values does not exceed', () => {
  expect(percentile([], 50)).toBeUndefined();
  expect([50, 95].map((percent) => percentile([30, 10, 20, 40], percent))).toEqual([20, 40]);
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1 }), fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const found = percentile(values, percent) ?? Number.NaN;
      expect(values).toContain(found);
      const share = (all: readonly number[]) => (100 * all.length) / values.length;
      expect(share(values.filter((value) => value <= found))).toBeGreaterThanOrEqual(percent);
      expect(share(values.filter((value) => value < found))).toBeLessThan(percent);
    }),
  );
});
