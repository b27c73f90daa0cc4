/** What registering an agent anew would change of it, for who is about to do so. */
import { isDeepStrictEqual } from 'node:util';
import type { Agent } from '../contract/agents.ts';

/** What both the node's answer and a registration have. */
export type AgentOnWire = Omit<Agent, 'url' | 'has_auth_token' | 'expect'> & {
  /** Members that are null may be left out. */
  readonly expect: Partial<NonNullable<Agent['expect']>> | null;
};

const fields = [
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
] as const satisfies readonly (keyof AgentOnWire)[];

/** A line for each field that would be another. */
export function changesOf(before: AgentOnWire, after: AgentOnWire): string[] {
  return fields.flatMap((field) => {
    const [was, will] = [plain(before[field]), plain(after[field])];
    return isDeepStrictEqual(was, will) ? [] : [`${field}: ${shown(was)} -> ${shown(will)}`];
  });
}

/** Members of `expect` that are null are as good as left out. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function shown(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
