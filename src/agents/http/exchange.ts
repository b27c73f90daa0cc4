import { rootCertificates } from 'node:tls';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { agentUrl, type AgentConfig } from '../../domain/agent.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { checkHost } from './address-guard.ts';
import { exchangeFailure } from './exchange-failure.ts';
import { createGuardedLookup, type ResolveAll } from './guarded-lookup.ts';
import { keptConnections, StaleConnectionError } from './kept-connection.ts';
import { AgentError } from '../transport.ts';

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

export interface Pools {
  /** Keeps its connections for the next request, as long as the agent's `Keep-Alive` says. */
  readonly kept: Agent;
  /** Opens a new connection for each request. */
  readonly fresh: Agent;
  close(): Promise<void>;
}

/** Without undici's own timeouts: the signal alone ends a request. Without retries and redirects (I6). */
export function createPools(options: PoolOptions): Pools {
  const common = {
    connections: options.connectionsPerOrigin,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: connectOptions(options),
  };
  const kept = new Agent({ ...common, pipelining: 1, factory: keptConnections });
  const fresh = new Agent({ ...common, pipelining: 0 });
  const close = async (): Promise<void> => {
    await Promise.all([kept.destroy(), fresh.destroy()]);
  };
  return { kept, fresh, close };
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

/**
 * One request and what `read` makes of its response. Where the agent closed the idle connection that it went out on,
 * it is sent once more on a new one. Rejects with the signal's reason once that is aborted.
 */
export async function exchange<T>(
  pools: Pools,
  agent: AgentConfig,
  signal: AbortSignal,
  { path, ...target }: Target,
  read: (response: Dispatcher.ResponseData) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const url = addressed(agent);
  const { origin, pathname, search } = new URL(`${url}${path.startsWith('/') ? '' : '/'}${path}`);
  const request = { ...target, origin, path: pathname + search, signal };
  const response = pools.kept.request(request).catch((error: unknown) => {
    if (!(error instanceof StaleConnectionError) || signal.aborted) throw error;
    return pools.fresh.request(request);
  });
  try {
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
