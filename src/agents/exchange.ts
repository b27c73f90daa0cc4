import { rootCertificates } from 'node:tls';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { agentUrl, type AgentConfig } from '../domain/agent.ts';
import { untilAborted } from './abortable.ts';
import { checkHost } from './address-guard.ts';
import { exchangeFailure } from './exchange-failure.ts';
import { createGuardedLookup, type ResolveAll } from './guarded-lookup.ts';
import { AgentError } from './transport.ts';

export interface PoolOptions {
  /** For resolving, connecting and the TLS handshake together. */
  readonly connectTimeoutMs: number;
  /** Connections to one protocol, host and port; further requests wait for one. */
  readonly connectionsPerOrigin: number;
  /** PEM of certificate authorities to trust beside Node's own, for agents with private certificates. */
  readonly extraCertificates?: string;
  /** How names become addresses, which the address guard then filters; `dns.lookup` by default. */
  readonly resolve?: ResolveAll;
}

/** Without undici's own timeouts: the signal alone ends a request. Without retries and redirects (I6). */
export function createPool(options: PoolOptions): Agent {
  return new Agent({
    connections: options.connectionsPerOrigin,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: connectOptions(options),
  });
}

/** Opens connections as the pool does, for whoever wants nothing but one. */
export function createConnector(options: PoolOptions): buildConnector.connector {
  return buildConnector(connectOptions(options));
}

function connectOptions({ connectTimeoutMs, extraCertificates, resolve }: PoolOptions) {
  return {
    timeout: connectTimeoutMs,
    lookup: createGuardedLookup(resolve),
    ...(extraCertificates !== undefined && { ca: [...rootCertificates, extraCertificates] }),
  };
}

export interface Target {
  readonly method: 'POST' | 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request and what `read` makes of its response. Rejects with the signal's reason once that is aborted. */
export async function exchange<T>(
  pool: Agent,
  agent: AgentConfig,
  signal: AbortSignal,
  { path, ...target }: Target,
  read: (response: Dispatcher.ResponseData) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const url = addressed(agent);
  const { origin, pathname, search } = new URL(`${url}${path.startsWith('/') ? '' : '/'}${path}`);
  try {
    const response = pool.request({ ...target, origin, path: pathname + search, signal });
    return await untilAborted(signal, response.then(read));
  } catch (error) {
    signal.throwIfAborted();
    throw exchangeFailure(error, url);
  }
}

/** IP literals reach the socket without any lookup, so hosts are checked here again and not only when registered. */
export function addressed(agent: AgentConfig): string {
  const check = checkHost(agent.host);
  if (!check.ok) throw new AgentError('connection', `The agent's address is refused: ${check.reason}`);
  return agentUrl({ ...agent, host: check.host });
}
