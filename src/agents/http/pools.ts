/** The connections to all agents, guarded: none leads where `refused-addresses.ts` says that no agent may live. */
import { rootCertificates } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { createGuardedLookup, type ResolveAll } from './guarded-lookup.ts';
import { keptConnections } from './kept-connection.ts';

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
