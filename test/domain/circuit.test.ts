import fc from 'fast-check';
import { expect, test } from 'vitest';
import { circuitOf } from '../../src/domain/circuit.ts';
import { newHealth, recordOutcome, type AgentHealth } from '../../src/domain/health.ts';
import type { ErrorType } from '../../src/domain/failures.ts';
import { countedTypes, ignoredTypes } from './support.ts';

const start = Date.UTC(2026, 0, 1);
const cooldownMs = 30_000;

/** Outcomes one second apart, the last one at `start`. */
function healthAfter(...outcomes: (ErrorType | 'ok')[]): AgentHealth {
  const health = newHealth();
  for (const [i, outcome] of outcomes.entries()) record(health, outcome, i - outcomes.length + 1);
  return health;
}
function record(health: AgentHealth, outcome: ErrorType | 'ok', afterS: number): void {
  const at = start + afterS * 1_000;
  recordOutcome(health, { callId: 'c', agent: 'a', at, ...(outcome !== 'ok' && { errorType: outcome }) });
}

/** Failures after which an agent is unhealthy or unreachable. */
const failedOften = fc
  .array(fc.constantFrom(...countedTypes), { minLength: 3, maxLength: 8 })
  .map((types) => healthAfter(...types));

test('the circuit of a failing agent is open until the cooldown after its last failure, then half open', () => {
  fc.assert(
    fc.property(failedOften, fc.integer({ min: 0, max: 2 * cooldownMs }), (health, laterMs) => {
      expect(circuitOf(health, start + laterMs, cooldownMs)).toEqual(
        laterMs < cooldownMs ? { state: 'open', until: start + cooldownMs } : { state: 'half_open' },
      );
    }),
  );
});

test('the cooldown ends exactly on time, to the millisecond', () => {
  const health = healthAfter('connection');
  expect(circuitOf(health, start + cooldownMs - 1, cooldownMs).state).toBe('open');
  expect(circuitOf(health, start + cooldownMs, cooldownMs).state).toBe('half_open');
});

test('calls that skip the agent and outcomes that do not count never extend the cooldown', () => {
  fc.assert(
    fc.property(failedOften, fc.array(fc.constantFrom(...ignoredTypes)), (health, ignored) => {
      for (const [i, type] of ignored.entries()) {
        record(health, type, i);
        circuitOf(health, start + i * 1_000, cooldownMs);
      }
      expect(circuitOf(health, start, cooldownMs)).toEqual({ state: 'open', until: start + cooldownMs });
    }),
  );
});

test('a probe call that fails opens the half-open circuit for another cooldown', () => {
  const health = healthAfter('model_error', 'model_error', 'model_error');
  record(health, 'model_error', 40);
  expect(circuitOf(health, start + 40_000, cooldownMs)).toEqual({ state: 'open', until: start + 70_000 });
});

test('an outcome that arrives late from another node does not shorten the cooldown', () => {
  const health = healthAfter('model_error', 'model_error', 'model_error');
  record(health, 'timeout', -20);
  expect(circuitOf(health, start, cooldownMs)).toEqual({ state: 'open', until: start + cooldownMs });
});

test('a success closes the circuit at once, even if the success rate is still bad', () => {
  fc.assert(
    fc.property(failedOften, (health) => {
      record(health, 'ok', 1);
      expect(circuitOf(health, start + 1_000, cooldownMs)).toEqual({ state: 'closed' });
    }),
  );
});

test('one connection failure opens the circuit of a healthy agent', () => {
  const health = healthAfter('ok', 'ok', 'ok', 'connection');
  expect(circuitOf(health, start, cooldownMs).state).toBe('open');
});

test('a failure that leaves the agent degraded leaves its circuit closed', () => {
  const health = healthAfter('ok', 'ok', 'timeout');
  expect(circuitOf(health, start, cooldownMs)).toEqual({ state: 'closed' });
});

test('the circuit of an agent never asked is closed', () => {
  expect(circuitOf(newHealth(), start, cooldownMs)).toEqual({ state: 'closed' });
});
