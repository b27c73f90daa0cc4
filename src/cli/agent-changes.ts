/** The differences between a registered agent and a new registration of its name. */
import { isDeepStrictEqual } from 'node:util';
import type { Agent } from '../contract/agents.ts';

/** The configuration of an agent: the members that an answer of the node and a registration have in common. */
export type ComparableAgent = Omit<
  Agent,
  'url' | 'has_auth_token' | 'auth_token_reference' | 'expect' | 'paused' | 'fallback_of'
> & {
  /** The expectation. Members that are null may be left out. */
  readonly expect: Partial<NonNullable<Agent['expect']>> | null;
};

const fields = [
  'project',
  'protocol',
  'host',
  'port',
  'path',
  'timeout_seconds',
  'max_retries',
  'max_concurrency',
  'fallback_agents',
  'history',
  'expect',
  'health_path',
] as const satisfies readonly (keyof ComparableAgent)[];

/** One line per field that differs, e.g. `timeout_seconds: 30 -> 60`. */
export function changesOf(before: ComparableAgent, after: ComparableAgent): string[] {
  return fields.flatMap((field) => {
    const [was, will] = [withoutNulls(before[field]), withoutNulls(after[field])];
    return isDeepStrictEqual(was, will) ? [] : [`${field}: ${shown(was)} -> ${shown(will)}`];
  });
}

/** Returns the value without its null members, because in `expect` null means the same as an absent member. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function shown(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
