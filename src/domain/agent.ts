import { allProjects } from './project.ts';

/** What an agent's answers must look like. Any other answer fails with `invalid_response`, and the call falls back. */
export interface AgentExpectation {
  /** The least length of the answer, in UTF-16 code units. */
  readonly minLength?: number;
  /** The answer must be JSON that is valid against this JSON Schema (draft-07). */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** A pattern in RE2 syntax. An answer with a match is refused. */
  readonly denyRegex?: string;
}

/** The configuration of one registered agent. A call pins it when it starts: later changes do not affect that call. */
export interface AgentConfig {
  readonly name: string;
  /** The only project that may use the agent. Absent: all projects share it. */
  readonly project?: string;
  /** Host name or IP literal, checked by the address guard at registration and when connecting. */
  readonly host: string;
  readonly port: number;
  readonly protocol: 'http' | 'https';
  readonly path: string;
  /** The bearer token, sealed (I5); opened only in the activity that sends it. */
  readonly sealedToken?: string;
  /** A reference to the bearer token, instead of the token itself (secret-reference.ts). Only one of the two is set. */
  readonly tokenReference?: string;
  /** Time limit of one try, in ms. */
  readonly timeoutMs: number;
  /** The most tries after the first one. */
  readonly maxRetries: number;
  /** The most requests that one node has open to the agent. At the limit the node refuses new calls and failovers wait. */
  readonly maxConcurrency?: number;
  readonly fallbackAgents: readonly string[];
  /** Which messages the agent gets. `window` means the session's recent messages and the prompt, `none` the prompt alone. */
  readonly history: 'window' | 'none';
  readonly expect?: AgentExpectation;
  /**
   * Path for probes; a GET request to it must cost nothing. Without it the agent is not probed when a node starts, and a probe
   * on demand only opens a connection.
   */
  readonly healthPath?: string;
}

/** Whether those of the project may use the agent. `*` stands for those who may use all agents. */
export function isUsableIn(project: string, agent: Pick<AgentConfig, 'project'>): boolean {
  return project === allProjects || agent.project === undefined || agent.project === project;
}

/** Whether the agent has a token, given or referred to. */
export function hasToken(agent: Pick<AgentConfig, 'sealedToken' | 'tokenReference'>): boolean {
  return agent.sealedToken !== undefined || agent.tokenReference !== undefined;
}

/** Returns the base URL of the agent, without its path. An IPv6 literal gets brackets. */
export function agentUrl(agent: Pick<AgentConfig, 'protocol' | 'host' | 'port'>): string {
  const host = agent.host.includes(':') && !agent.host.startsWith('[') ? `[${agent.host}]` : agent.host;
  return `${agent.protocol}://${host}:${agent.port}`;
}

/**
 * Whether a token that was given for the agent `before` may be sent to `after`: only to the same host, never over http if it
 * was given for https, and for the same project.
 */
export function mayShareToken(
  before: Pick<AgentConfig, 'protocol' | 'host'> & { readonly project?: string | null },
  after: Pick<AgentConfig, 'protocol' | 'host'> & { readonly project?: string | null },
): boolean {
  const isOfSame = before.host === after.host && (before.project ?? null) === (after.project ?? null);
  return isOfSame && (before.protocol === after.protocol || after.protocol === 'https');
}
