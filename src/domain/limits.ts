/** Limits of a key or a project, and how the facades of a cluster share them without asking each other about each request. */

/** See `mayUse`. */
const shareDivisor = 1.25;

/** What a key, or all keys of a project together, may use. An absent member is not limited. */
export interface Limits {
  /** Requests of any kind in a minute of the clock. */
  readonly requestsPerMinute?: number;
  readonly callsInFlight?: number;
  /** Calls in a day, in UTC. */
  readonly callsPerDay?: number;
  /** The largest prompt: bytes as JSON in UTF-8. */
  readonly promptBytes?: number;
  /** Patterns of the agents that a project may call. Only for projects: a key has `ApiKey.agents`. */
  readonly agents?: readonly string[];
}

/** What is used of something that is limited, as far as a facade knows. */
export interface Used {
  /** By everybody, when the facade last learnt it. */
  readonly before: number;
  /** By this facade since then. */
  readonly since: number;
}

/**
 * Whether a facade may use one more. Until it learns again what the others have used, it takes at most its share of what was
 * left then: 1 / 1.25 N, if N facades run. As they learn at different moments, together they exceed the quota by at most a third
 * of it, or by one each, whichever is more; with shares of 1 / N it would be up to a half. A facade that takes all requests gets
 * nearly all of the quota, in several rounds. A single facade keeps to it exactly.
 */
export function mayUse(quota: number, { before, since }: Used, facades: number): boolean {
  const left = quota - before;
  if (left <= 0) return false;
  return since < (facades <= 1 ? left : Math.max(1, Math.floor(left / (shareDivisor * facades))));
}
