import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentConfig } from '../../src/domain/agent.ts';
import { openCircuitsLast, resolveChain, type ResolvedChain } from '../../src/domain/chain.ts';
import { agentConfig } from './support.ts';

const namesOf = (agents: readonly AgentConfig[]): string[] => agents.map((agent) => agent.name);
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const someNames = fc.array(fc.constantFrom(...names), { maxLength: 6 });

/** Agent `a` and some others with random fallbacks: also to itself, twice to one, or to an unregistered agent. */
const registered = fc
  .tuple(fc.subarray(names.slice(1)), fc.array(someNames, { minLength: 10, maxLength: 10 }))
  .map(([others, fallbacks]) => {
    const agents = ['a', ...others].map((name, i) =>
      agentConfig(name, { fallbackAgents: fallbacks[i] ?? [] }),
    );
    return new Map(agents.map((agent) => [agent.name, agent]));
  });
type Registered = ReadonlyMap<string, AgentConfig>;

function chainOf(agents: Registered, maxAgents: number): ResolvedChain {
  return resolveChain(agents.get('a') ?? agentConfig('a'), (name) => agents.get(name), maxAgents);
}

function reachable(agents: Registered): Set<string> {
  const found = new Set(['a']);
  for (;;) {
    const before = found.size;
    for (const name of [...found])
      for (const next of agents.get(name)?.fallbackAgents ?? []) if (agents.has(next)) found.add(next);
    if (found.size === before) return found;
  }
}

describe('the fallback chain', () => {
  it('contains every reachable agent exactly once, even with cycles', () => {
    fc.assert(
      fc.property(registered, (agents) => {
        const chain = namesOf(chainOf(agents, 100).agents);
        expect(chain[0]).toBe('a');
        expect(chain.toSorted()).toEqual([...reachable(agents)].toSorted());
      }),
    );
  });

  it('is breadth-first: the fallbacks of an earlier agent come before those of a later one, in the listed order', () => {
    fc.assert(
      fc.property(registered, (agents) => {
        const chain = chainOf(agents, 100).agents;
        // Where each agent is first named: index of the naming agent in the chain, and index in its list.
        const named = chain.slice(1).map(({ name }) => {
          const by = chain.findIndex((agent) => agent.fallbackAgents.includes(name));
          return by * 100 + (chain[by]?.fallbackAgents.indexOf(name) ?? 0);
        });
        expect(named).toEqual(named.toSorted((one, other) => one - other));
      }),
    );
  });

  it('with a maximum length is the beginning of the unlimited chain', () => {
    fc.assert(
      fc.property(registered, fc.integer({ min: 1, max: 12 }), (agents, maxAgents) => {
        expect(chainOf(agents, maxAgents).agents).toEqual(chainOf(agents, 100).agents.slice(0, maxAgents));
      }),
    );
  });

  it('names each unregistered fallback once, in the order in which they are named', () => {
    fc.assert(
      fc.property(registered, fc.integer({ min: 1, max: 12 }), (agents, maxAgents) => {
        const chain = chainOf(agents, maxAgents);
        const mentioned = new Set(chain.agents.flatMap((agent) => agent.fallbackAgents));
        expect(chain.unregistered).toEqual([...mentioned].filter((name) => !agents.has(name)));
      }),
    );
  });
});

describe('a chain in which circuits are open', () => {
  const chain = names.map((name) => agentConfig(name));

  it('asks the agents of closed circuits first and keeps the order within both groups', () => {
    fc.assert(
      fc.property(fc.subarray(names), (open) => {
        const { agents, passedOver } = openCircuitsLast(chain, (name) => open.includes(name));
        const closed = names.filter((name) => !open.includes(name));
        expect(namesOf(agents)).toEqual([...closed, ...open]);
        // Agents that moved behind one that came after them.
        expect(passedOver).toEqual(open.filter((name) => closed.some((other) => other > name)));
      }),
    );
  });

  it('reads each circuit once, in order: a half-open circuit allows only one probe', () => {
    const asked: string[] = [];
    const ordered = openCircuitsLast(chain, (name) => {
      asked.push(name);
      return asked.length % 2 === 0;
    });
    expect(asked).toEqual(names);
    expect(namesOf(ordered.agents)).toEqual(['a', 'c', 'e', 'g', 'i', 'b', 'd', 'f', 'h', 'j']);
  });
});
