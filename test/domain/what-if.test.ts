import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorTypes, failures, type ErrorType } from '../../src/domain/failures.ts';
import { whatIf, type RecordedOutcome, type TodaysChain, type WhatIfStep } from '../../src/domain/what-if.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const shuffled = fc.shuffledSubarray(names);

const failed = (agent: string, errorType: ErrorType): RecordedOutcome => ({
  agent,
  status: 'failed',
  errorType,
});
const chainOf = (...agents: string[]): TodaysChain => ({
  agents: agents.map((name) => ({ name, moved: false })),
  unregistered: [],
});

/** Recorded outcomes of a call: it falls back until an agent answers or fails in a way that does not fall back. */
const recorded = fc
  .tuple(shuffled, fc.array(fc.constantFrom('ok' as const, ...errorTypes), { minLength: 6, maxLength: 6 }))
  .map(([agents, results]) => {
    const outcomes: RecordedOutcome[] = [];
    for (const [i, agent] of agents.entries()) {
      const result = results[i] ?? 'ok';
      outcomes.push(result === 'ok' ? { agent, status: 'ok' } : failed(agent, result));
      if (result === 'ok' || !failures[result].fallBack) break;
    }
    return outcomes;
  });
const today = fc
  .tuple(shuffled, fc.subarray(names), fc.subarray(['x', 'y']))
  .map(([agents, moved, unregistered]) => ({
    agents: agents.map((name) => ({ name, moved: moved.includes(name) })),
    unregistered,
  }));

const outcomesOf = (steps: readonly WhatIfStep[]): string =>
  steps.map(({ agent, outcome }) => `${agent} ${outcome}`).join(', ');

describe("a walk of today's chain with recorded outcomes", () => {
  it('has a step for every agent of the chain in order, after the unregistered ones', () => {
    fc.assert(
      fc.property(recorded, today, (outcomes, chain) => {
        const { steps } = whatIf(outcomes, chain);
        expect(steps.map(({ agent }) => agent)).toEqual([
          ...chain.unregistered,
          ...chain.agents.map(({ name }) => name),
        ]);
        expect(steps.slice(0, chain.unregistered.length).every(({ outcome }) => outcome === 'skipped')).toBe(
          true,
        );
      }),
    );
  });

  it('continues only after recorded failures that fall back, would ask at most one agent, and ends there', () => {
    fc.assert(
      fc.property(recorded, today, (outcomes, chain) => {
        const { steps, nextAgent } = whatIf(outcomes, chain);
        const walk = steps.slice(chain.unregistered.length);
        const end = walk.findIndex(
          ({ outcome, errorType }) =>
            outcome === 'would_be_asked' || !errorType || !failures[errorType].fallBack,
        );
        const reached = end < 0 ? walk : walk.slice(0, end + 1);
        expect(walk.slice(reached.length).every(({ outcome }) => outcome === 'not_reached')).toBe(true);
        expect(reached.slice(0, -1).every(({ outcome }) => outcome === 'as_recorded')).toBe(true);
        const asked = walk.filter(({ outcome }) => outcome === 'would_be_asked').map(({ agent }) => agent);
        expect(asked).toEqual(nextAgent === undefined ? [] : [nextAgent]);
      }),
    );
  });

  it('uses recorded outcomes only, and none of an agent that has moved', () => {
    fc.assert(
      fc.property(recorded, today, (outcomes, chain) => {
        for (const { agent, outcome, errorType } of whatIf(outcomes, chain).steps) {
          if (outcome !== 'as_recorded') continue;
          expect(chain.agents).toContainEqual({ name: agent, moved: false });
          expect(outcomes.find((one) => one.agent === agent)?.errorType).toBe(errorType);
        }
      }),
    );
  });

  it('changes nothing on the chain that was executed, and would at most ask the first agent that was not reached', () => {
    fc.assert(
      fc.property(recorded, (outcomes) => {
        const same = whatIf(outcomes, chainOf(...outcomes.map(({ agent }) => agent)));
        expect(same.nextAgent).toBeUndefined();
        expect(same.changed).toBe(false);
      }),
    );
  });
});

describe('what if', () => {
  const down = [failed('a', 'connection'), failed('b', 'model_error')];

  it('a fallback was added: it would be asked', () => {
    const told = whatIf(down, chainOf('a', 'b', 'c', 'd'));
    expect(outcomesOf(told.steps)).toBe('a as_recorded, b as_recorded, c would_be_asked, d not_reached');
    expect(told).toMatchObject({
      nextAgent: 'c',
      changed: true,
      reason: "Agent 'c' was not asked by this call",
    });
  });

  it('nothing changed: every agent failed, and the reason says what to do', () => {
    const told = whatIf(down, chainOf('a', 'b'));
    expect(told).toMatchObject({
      changed: false,
      reason: expect.stringContaining('register a fallback') as string,
    });
    expect(told.nextAgent).toBeUndefined();
  });

  it('the agent was registered at another address: its recorded outcome is not used', () => {
    const told = whatIf(down, { agents: [{ name: 'a', moved: true }], unregistered: [] });
    expect(told).toMatchObject({ nextAgent: 'a', changed: true });
    expect(told.reason).toBe("Agent 'a' was registered at another address since");
  });

  it('the agent is no longer registered: nobody would be asked', () => {
    const told = whatIf(down, { agents: [], unregistered: ['a'] });
    expect(told.reason).toMatch(/^Agent 'a' is not registered: register it/);
    expect(told).toMatchObject({ steps: [{ agent: 'a', outcome: 'skipped' }], changed: true });
  });

  it('a paused agent is passed over, and its recorded outcome is not used', () => {
    const told = whatIf(down, {
      agents: [
        { name: 'a', moved: false, paused: true },
        { name: 'c', moved: false },
      ],
      unregistered: [],
    });
    expect(told.steps).toEqual([
      { agent: 'a', outcome: 'skipped', errorType: 'agent_paused' },
      { agent: 'c', outcome: 'would_be_asked' },
    ]);
    expect(told).toMatchObject({ nextAgent: 'c', changed: true });
  });

  it('a call that would be refused asks nobody, for that reason', () => {
    const told = whatIf(down, { ...chainOf('a', 'b'), refusal: "Agent 'a' is paused" });
    expect(outcomesOf(told.steps)).toBe('a not_reached, b not_reached');
    expect(told).toMatchObject({ reason: "Agent 'a' is paused", changed: true });
    expect(told.nextAgent).toBeUndefined();
  });

  it('the deadline ended the call: today it would end there too', () => {
    const told = whatIf([failed('a', 'deadline_exceeded')], chainOf('a', 'b'));
    expect(outcomesOf(told.steps)).toBe('a as_recorded, b not_reached');
    expect(told.reason).toMatch(/deadline_exceeded, which does not fall back/);
  });

  it('an open circuit moves the agent that answered to the front: it answers, in another order than in the call', () => {
    const told = whatIf([failed('a', 'timeout'), { agent: 'b', status: 'ok' }], chainOf('b', 'a'));
    expect(outcomesOf(told.steps)).toBe('b as_recorded, a not_reached');
    expect(told).toMatchObject({ changed: true, reason: "Agent 'b' answered" });
  });

  it('an agent that the call skipped as unregistered is registered today: it would be asked', () => {
    const told = whatIf([{ agent: 'b', status: 'skipped' }, failed('a', 'auth')], chainOf('a', 'b'));
    expect(outcomesOf(told.steps)).toBe('a as_recorded, b would_be_asked');
  });
});
