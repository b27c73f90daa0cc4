/** What an agent's answers must look like. Any other answer fails with `invalid_response`, and the call falls back. */
export interface AgentExpectation {
  /** In UTF-16 code units. */
  readonly minLength?: number;
  /** The answer must be JSON that is valid against this JSON Schema (draft-07). */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** RE2 syntax. An answer with a match is refused. */
  readonly denyRegex?: string;
}

/** The configuration of one registered agent. A call pins it when it starts: later changes do not affect that call. */
export interface AgentConfig {
  readonly name: string;
  /** Host name or IP literal, checked by the address guard at registration and when connecting. */
  readonly host: string;
  readonly port: number;
  readonly protocol: 'http' | 'https';
  readonly path: string;
  /** The bearer token, sealed (I5); opened only in the activity that sends it. */
  readonly sealedToken?: string;
  /** Time limit of one try. */
  readonly timeoutMs: number;
  /** Tries after the first one. */
  readonly maxRetries: number;
  /** Most requests that one node has open to the agent. At the limit new calls are refused and failovers wait. */
  readonly maxConcurrency?: number;
  readonly fallbackAgents: readonly string[];
  /** `window`: the agent gets the session's recent messages and the prompt. `none`: it gets the prompt alone. */
  readonly history: 'window' | 'none';
  readonly expect?: AgentExpectation;
  /** Path of a GET request that costs nothing, for probes. Absent: the agent is not probed. */
  readonly healthPath?: string;
}

/** Base URL of the agent, without its path. An IPv6 literal gets brackets. */
export function agentUrl(agent: Pick<AgentConfig, 'protocol' | 'host' | 'port'>): string {
  const host = agent.host.includes(':') && !agent.host.startsWith('[') ? `[${agent.host}]` : agent.host;
  return `${agent.protocol}://${host}:${agent.port}`;
}

/** Whether a token given for `before` may be sent to `after`: only to the same host, and never from https down to http. */
export function mayShareToken(
  before: Pick<AgentConfig, 'protocol' | 'host'>,
  after: Pick<AgentConfig, 'protocol' | 'host'>,
): boolean {
  return before.host === after.host && (before.protocol === after.protocol || after.protocol === 'https');
}
