/** Connection pools for receivers of webhooks, one for each origin. They only connect to addresses that the rules allow. */
import { rootCertificates } from 'node:tls';
import { Agent, Pool } from 'undici';
import { createGuardedLookup, type ResolveAll } from '../agents/http/guarded-lookup.ts';
import { keptConnections } from '../agents/http/kept-connection.ts';
import { createSharedLookup } from './shared-lookup.ts';
import { destinationOf, refusedTargetKind, type TargetRules } from './target.ts';

export interface PoolOptions {
  readonly rules: TargetRules;
  /** The time limit for DNS lookup, TCP connect and TLS handshake together. */
  readonly timeoutMs: number;
  /** Certificate authorities (PEM) to trust besides Node's own. */
  readonly extraCertificates?: string;
  /** Resolves host names, through `createSharedLookup`; the rules filter the result. Default: `dns.lookup`. */
  readonly resolve?: ResolveAll;
}

export interface Pools {
  /** Reuses connections. */
  readonly kept: Agent;
  /** Opens a new connection for each request. */
  readonly fresh: Agent;
  close(): Promise<void>;
}

/** Most requests to one origin at a time. Whoever sends them keeps to it: no request waits for a connection. */
export const requestsPerOrigin = 64;
/** More than requests, because a connect whose request has timed out ends a moment later. */
const connectionsPerOrigin = 2 * requestsPerOrigin;
/** How long an idle connection is kept, if the receiver does not say; and at most. Afterwards its pool is gone too. */
const keepAliveTimeout = 10_000;
const keepAliveMaxTimeout = 60_000;

/** Creates the pools. Undici's own timeouts for answers are off: the signal of a request ends it. No redirect is followed. */
export function createPools(options: PoolOptions): Pools {
  const resolve = createSharedLookup(options.resolve, options.timeoutMs);
  const guarded = (origin: string | URL, pool: Pool.Options): Pool.Options =>
    guardedPool(origin, pool, { ...options, resolve });
  const common = {
    connections: connectionsPerOrigin,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout,
    keepAliveMaxTimeout,
  };
  const kept = new Agent({
    ...common,
    pipelining: 1,
    factory: (origin, more) => keptConnections(origin, guarded(origin, more)),
  });
  const fresh = new Agent({
    ...common,
    pipelining: 0,
    factory: (origin, more) => new Pool(origin, guarded(origin, more)),
  });
  const close = async (): Promise<void> => {
    await Promise.all([kept.destroy(), fresh.destroy()]);
  };
  return { kept, fresh, close };
}

/** The guard judges host, port and address together, so each origin has one of its own. */
function guardedPool(
  origin: string | URL,
  pool: Pool.Options,
  { rules, timeoutMs, extraCertificates, resolve }: PoolOptions,
): Pool.Options {
  const destination = destinationOf(new URL(origin));
  const connect = {
    timeout: timeoutMs,
    lookup: createGuardedLookup(resolve, (address) => refusedTargetKind(destination, address, rules)),
    ...(extraCertificates !== undefined && { ca: [...rootCertificates, extraCertificates] }),
  };
  return { ...pool, connect };
}
