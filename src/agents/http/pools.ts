/** Connection pools for all agents. They never connect to an address that refused-addresses.ts refuses. */
import { rootCertificates } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { createGuardedLookup, type ResolveAll } from './guarded-lookup.ts';
import { keptConnections } from './kept-connection.ts';

export interface PoolOptions {
  /** The time limit for DNS lookup, TCP connect and TLS handshake together. */
  readonly connectTimeoutMs: number;
  /** The most connections to one protocol, host and port. Further requests wait for one of them. */
  readonly connectionsPerOrigin: number;
  /** Certificate authorities (PEM) to trust besides Node's own, for agents with private certificates. */
  readonly extraCertificates?: string;
  /** Resolves host names; the address guard filters the result. Default: `dns.lookup`. */
  readonly resolve?: ResolveAll;
}

export interface Pools {
  /** Reuses connections, for as long as the agent's `Keep-Alive` allows. */
  readonly kept: Agent;
  /** Opens a new connection for each request. */
  readonly fresh: Agent;
  close(): Promise<void>;
}

/**
 * Creates the pools. Undici's own timeouts are off, so only the signal ends a request. The pools neither retry nor follow
 * redirects (I6).
 */
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

/** Creates a connector that opens single connections, with the same guard and options as the pools. */
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
