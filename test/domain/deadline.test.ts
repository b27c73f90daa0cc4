import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agentBudgetMs, agentsInTime, leastSliceMs } from '../../src/domain/deadline.ts';
import { agentConfig } from './support.ts';

const agentsWith = (timeouts: readonly number[]) =>
  timeouts.map((timeoutMs, i) => agentConfig(`agent-${i}`, { timeoutMs }));
const chain = fc
  .array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 10 })
  .map((timeouts) => agentsWith(timeouts));
const remaining = fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 86_400_000 }));

test('a budget is whole milliseconds, never negative, never more than what remains', () => {
  fc.assert(
    fc.property(chain, fc.double({ min: -1e6, max: 1e9, noNaN: true }), (agents, remainingMs) => {
      const budget = agentBudgetMs(remainingMs, agents);
      expect(Number.isInteger(budget)).toBe(true);
      expect(budget).toBeGreaterThanOrEqual(0);
      expect(budget).toBeLessThanOrEqual(Math.max(0, remainingMs));
    }),
  );
});

test('if each agent uses up its budget, the next one still has its timeout or an equal share', () => {
  fc.assert(
    fc.property(chain, remaining, (agents, deadlineMs) => {
      const shortest = Math.min(...agents.map((agent) => agent.timeoutMs));
      const atLeast = Math.floor(Math.min(shortest, deadlineMs / agents.length));
      let remainingMs = deadlineMs;
      for (const index of agents.keys()) {
        const budget = agentBudgetMs(remainingMs, agents.slice(index + 1));
        expect(budget).toBeGreaterThanOrEqual(atLeast);
        remainingMs -= budget;
      }
      // The last agent gets all the time.
      expect(remainingMs).toBeLessThan(1);
    }),
  );
});

test('with enough time, exactly the timeouts of the following agents are reserved', () => {
  expect(agentBudgetMs(600_000, agentsWith([30_000, 60_000]))).toBe(510_000);
});

test('without enough time, agents share equally, and what a short timeout does not need goes to the others', () => {
  expect(agentBudgetMs(9_000, agentsWith([30_000, 60_000]))).toBe(3_000);
  expect(agentBudgetMs(9_000, agentsWith([1_000, 60_000]))).toBe(5_000);
});

test('there is always time for the first agent, and never for more agents than the chain has', () => {
  fc.assert(
    fc.property(chain, fc.double({ min: -1e6, max: 1e9, noNaN: true }), (agents, remainingMs) => {
      const inTime = agentsInTime(remainingMs, agents);
      expect(inTime).toBeGreaterThanOrEqual(1);
      expect(inTime).toBeLessThanOrEqual(agents.length);
    }),
  );
});

test('more time never leaves more agents out, and time for all timeouts leaves none', () => {
  fc.assert(
    fc.property(chain, remaining, remaining, (agents, one, other) => {
      const [less, more] = [Math.min(one, other), Math.max(one, other)];
      expect(agentsInTime(more, agents)).toBeGreaterThanOrEqual(agentsInTime(less, agents));
      const all = agents.reduce((sum, agent) => sum + agent.timeoutMs, 0);
      expect(agentsInTime(all, agents)).toBe(agents.length);
    }),
  );
});

test('every agent that is counted gets more than half of the least slice, even if those before it hang', () => {
  const patient = fc
    .array(fc.integer({ min: leastSliceMs, max: 600_000 }), { minLength: 1, maxLength: 10 })
    .map((timeouts) => agentsWith(timeouts));
  fc.assert(
    fc.property(patient, fc.integer({ min: leastSliceMs, max: 10_000 }), (agents, deadlineMs) => {
      const asked = agents.slice(0, agentsInTime(deadlineMs, agents));
      let remainingMs = deadlineMs;
      for (const index of asked.keys()) {
        const budget = agentBudgetMs(remainingMs, asked.slice(index + 1));
        expect(budget).toBeGreaterThan(leastSliceMs / 2);
        remainingMs -= budget;
      }
    }),
  );
});

test('two least slices have room for two agents, even if a moment passes before the first one is asked', () => {
  const ten = agentsWith(Array<number>(10).fill(30_000));
  expect(agentsInTime(2 * leastSliceMs, ten)).toBe(2);
  expect(agentsInTime(2 * leastSliceMs - 100, ten)).toBe(2);
  expect(agentsInTime(4_900, ten)).toBe(10);
});
