import fc from 'fast-check';
import type { AgentConfig } from '../../src/domain/agent.ts';
import { errorTypes, failures, type ErrorType } from '../../src/domain/failures.ts';

export function agentConfig(name: string, more: Partial<AgentConfig> = {}): AgentConfig {
  return {
    name,
    host: 'agent.example',
    port: 9000,
    protocol: 'http',
    path: '/v1/messages',
    timeoutMs: 30_000,
    maxRetries: 3,
    fallbackAgents: [],
    history: 'window',
    ...more,
  };
}

/** Arbitrary strings in which control characters, quotes and lone surrogates are frequent. */
export const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0, max: 0x22 }),
      fc.integer({ min: 0x5b, max: 0x81 }),
      fc.integer({ min: 0x7fe, max: 0x801 }),
      fc.integer({ min: 0xd7fe, max: 0xe001 }),
      fc.constantFrom(0xd83d, 0xde00),
    ),
    { maxLength: 40 },
  )
  .map((units) => String.fromCharCode(...units));

const typesWith = (health: 'counts' | 'unreachable' | 'ignored'): ErrorType[] =>
  errorTypes.filter((type) => failures[type].health === health);

/** Failure types that count against an agent, including those that make it unreachable. */
export const countedTypes = [...typesWith('counts'), ...typesWith('unreachable')];
export const ignoredTypes = typesWith('ignored');
