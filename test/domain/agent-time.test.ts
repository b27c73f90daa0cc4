import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agentTimeMs } from '../../src/domain/agent-time.ts';
import type { Try } from '../../src/domain/call.ts';

const tryAt = (startMs: number, latencyMs: number, lost = false): Try => ({
  attempt: 1,
  latencyMs,
  ...(lost && { lost: true, errorType: 'internal' }),
  at: new Date(startMs).toISOString(),
});

test('the time of an agent is that of its tries and of the pauses between them', () => {
  expect(agentTimeMs([tryAt(0, 300), tryAt(1_300, 200), tryAt(3_500, 100)])).toBe(3_600);
});

test('an agent that was not asked took no time', () => {
  expect(agentTimeMs([])).toBe(0);
});

test('a try that was lost with its worker, and the outage after it, do not count as time of the agent', () => {
  expect(agentTimeMs([tryAt(0, 2_000, true), tryAt(83_000, 150)])).toBe(150);
  expect(agentTimeMs([tryAt(0, 300), tryAt(1_300, 700, true), tryAt(83_000, 150)])).toBe(450);
});

test('the length of an outage does not change the time of the agent', () => {
  fc.assert(
    fc.property(fc.nat(86_400_000), fc.nat(60_000), (outageMs, latencyMs) => {
      expect(agentTimeMs([tryAt(0, 0, true), tryAt(outageMs, latencyMs)])).toBe(latencyMs);
    }),
  );
});

test('the time of an agent is never negative, even if the clocks of two workers differ', () => {
  expect(agentTimeMs([tryAt(120_000, 300), tryAt(1_300, 200)])).toBe(500);
});
