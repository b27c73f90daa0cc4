/** What registering an agent anew would change of it, for who is about to do so. */
import { isDeepStrictEqual } from 'node:util';
import type { AgentConfig } from '../domain/agent.ts';

/** As the node has it, and as a registration names it. */
export interface AgentOnWire {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: AgentConfig['protocol'];
  readonly path: string;
  readonly timeout_seconds: number;
  readonly max_retries: number;
  readonly max_concurrency: number | null;
  readonly fallback_agents: readonly string[];
  readonly history: string;
  readonly expect: unknown;
  readonly health_path: string | null;
}

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
