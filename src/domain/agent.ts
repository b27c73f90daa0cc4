/** What an answer must be; one that is not is `invalid_response` and falls back. */
export interface AgentExpectation {
  /** In UTF-16 code units. */
  readonly minLength?: number;
  /** The answer must be JSON that this JSON Schema (draft-07) takes. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** RE2 syntax; an answer in which it is found is refused. */
  readonly denyRegex?: string;
}

/** What Holdfast knows of one remote agent. Pinned into a call when it starts. */
export interface AgentConfig {
  readonly name: string;
  /** Host name or IP literal, checked by the address guard at registration and when connecting. */
  readonly host: string;
  readonly port: number;
  readonly protocol: 'http' | 'https';
  readonly path: string;
  /** The bearer token, sealed (I5); opened only in the activity that sends it. */
  readonly sealedToken?: string;
  /** One try's limit. */
  readonly timeoutMs: number;
  /** Tries beyond the first. */
  readonly maxRetries: number;
  /** Requests that one node may have open to it; calls beyond are refused, failovers wait. */
  readonly maxConcurrency?: number;
  readonly fallbackAgents: readonly string[];
  /** `window`: the session's recent messages precede the prompt; `none`: the prompt alone. */
  readonly history: 'window' | 'none';
  readonly expect?: AgentExpectation;
  /** A free GET to probe, if the agent opted in. */
  readonly healthPath?: string;
}

export function agentUrl(agent: Pick<AgentConfig, 'protocol' | 'host' | 'port'>): string {
  const host = agent.host.includes(':') && !agent.host.startsWith('[') ? `[${agent.host}]` : agent.host;
  return `${agent.protocol}://${host}:${agent.port}`;
}

/** Whether a token that was given for `before` may be sent to `after`: the same host, and in the clear only if it was. */
export function mayShareToken(
  before: Pick<AgentConfig, 'protocol' | 'host'>,
  after: Pick<AgentConfig, 'protocol' | 'host'>,
): boolean {
  return before.host === after.host && (before.protocol === after.protocol || after.protocol === 'https');
}
