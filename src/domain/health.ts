import { errorTypes, failureRow, type ErrorType } from './failures.ts';

/** The outcome of one agent in one call (one attempt, after all its tries), or of one probe. */
export interface Outcome {
  readonly callId: string;
  readonly agent: string;
  /** Epoch ms. */
  readonly at: number;
  /** Why the agent failed. Absent if it answered. */
  readonly errorType?: ErrorType;
  /** Set if this is the outcome of a probe. Such an outcome changes the agent's status but not its figures. */
  readonly probe?: true;
  /** The time in ms of all tries and backoff, without tries lost with a worker. Present only if the agent answered. */
  readonly latencyMs?: number;
}

/** One failed call, for display. `at` is epoch ms. */
export interface RecentError {
  readonly at: number;
  readonly type: ErrorType;
  readonly callId: string;
}

/** One outcome that counts for the success rate. */
export interface RecentOutcome {
  /** Epoch ms. */
  readonly at: number;
  /** Whether the agent answered. */
  readonly ok: boolean;
}

/** The health of one agent. packed-health.ts has the compact form that is stored and sent. Times are epoch ms. */
export interface AgentHealth {
  totalRequests: number;
  totalFailures: number;
  consecutiveFailures: number;
  lastSuccessAt?: number;
  lastFailureAt?: number;
  lastErrorType?: ErrorType;
  /** When the first of the failures in a row was. Absent if the last outcome is good, and from what earlier versions stored. */
  failingSince?: number;
  errorCounts: Partial<Record<ErrorType, number>>;
  /** The latest outcomes that count, oldest first. */
  recent: RecentOutcome[];
  /** Latencies of the latest answered calls in whole ms, oldest first. */
  latencies?: number[];
  /** The latest failed calls, oldest first, including those that do not count. */
  recentErrors?: RecentError[];
  /** When an operator declared the agent healthy. Outcomes up to that time still count in figures, but not for the status. */
  resetAt?: number;
}

/** The status that `healthStatus` derives from an agent's health. */
export const healthStatuses = ['healthy', 'degraded', 'unhealthy', 'unreachable'] as const;
export type HealthStatus = (typeof healthStatuses)[number];

/** The success rate covers the last 50 outcomes, none older than 15 minutes. */
export const healthWindow = { maxOutcomes: 50, maxAgeMs: 15 * 60_000 } as const;
/** How many latencies and errors are kept for each agent, for display. */
export const healthDetails = { latencies: 50, errors: 10 };
/**
 * The longest call id that an entity stores. Holdfast's ids have at most 36 characters; the limit keeps a faulty sender from
 * making the entity large.
 */
const maxCallIdLength = 64;
/** Consecutive failures after which an agent is unhealthy. */
export const unhealthyAfterFailures = 3;
/** Success rate in percent below which an agent is unhealthy. */
export const unhealthyBelowRate = 50;

export function newHealth(): AgentHealth {
  return { totalRequests: 0, totalFailures: 0, consecutiveFailures: 0, errorCounts: {}, recent: [] };
}

/** Returns a copy that `recordOutcome` may change without touching the original. */
export function copyHealth(health: AgentHealth): AgentHealth {
  const { errorCounts, recent, latencies, recentErrors } = health;
  return {
    ...health,
    errorCounts: { ...errorCounts },
    recent: [...recent],
    ...(latencies && { latencies: [...latencies] }),
    ...(recentErrors && { recentErrors: [...recentErrors] }),
  };
}

/** Adds an outcome to `health`, in place. Outcomes may arrive late and out of order. */
export function recordOutcome(health: AgentHealth, outcome: Outcome): void {
  const { at, errorType } = outcome;
  if (!outcome.probe) {
    recordFigures(health, outcome);
    recordDetails(health, outcome);
  }
  if (errorType && failureRow(errorType).health === 'ignored') return;
  if (at <= (health.resetAt ?? 0)) {
    recordTimes(health, outcome);
    return;
  }
  if (!outcome.probe) pushBounded(health.recent, { at, ok: !errorType }, healthWindow.maxOutcomes);
  if (errorType) health.failingSince = failingSinceWith(health, at);
  recordTimes(health, outcome);
  if (errorType) {
    health.consecutiveFailures += 1;
    health.lastErrorType = errorType;
  } else {
    health.consecutiveFailures = 0;
    delete health.lastErrorType;
    delete health.failingSince;
  }
}

/** Returns when the failures in a row began, with a further one at `at`. Few ones are forgotten as the success rate's are. */
function failingSinceWith(
  { consecutiveFailures, lastFailureAt = 0, failingSince }: AgentHealth,
  at: number,
): number {
  const isOver = consecutiveFailures < unhealthyAfterFailures && at - lastFailureAt > healthWindow.maxAgeMs;
  if (consecutiveFailures === 0 || isOver) return at;
  return Math.min(failingSince ?? lastFailureAt, at);
}

function recordTimes(health: AgentHealth, { at, errorType }: Outcome): void {
  if (errorType) health.lastFailureAt = Math.max(at, health.lastFailureAt ?? 0);
  else health.lastSuccessAt = Math.max(at, health.lastSuccessAt ?? 0);
}

function recordDetails(health: AgentHealth, { at, callId, errorType, latencyMs }: Outcome): void {
  if (errorType)
    pushBounded(
      (health.recentErrors ??= []),
      { at, type: errorType, callId: callId.slice(0, maxCallIdLength) },
      healthDetails.errors,
    );
  else if (latencyMs !== undefined)
    pushBounded((health.latencies ??= []), Math.round(latencyMs), healthDetails.latencies);
}

function pushBounded<T>(list: T[], item: T, max: number): void {
  list.push(item);
  if (list.length > max) list.shift();
}

function recordFigures(health: AgentHealth, { errorType }: Outcome): void {
  if (errorType) health.errorCounts[errorType] = (health.errorCounts[errorType] ?? 0) + 1;
  if (errorType && failureRow(errorType).health === 'ignored') return;
  health.totalRequests += 1;
  if (errorType) health.totalFailures += 1;
}

/** Returns the success rate in percent; 100 for an agent without recent outcomes. */
export function successRate(health: AgentHealth, nowMs: number): number {
  const recent = recentOutcomes(health, nowMs);
  if (recent.length === 0) return 100;
  return (100 * recent.filter(({ ok }) => ok).length) / recent.length;
}

/** Returns from how many outcomes the success rate is computed. */
export function recentRequests(health: AgentHealth, nowMs: number): number {
  return recentOutcomes(health, nowMs).length;
}

function recentOutcomes({ recent }: AgentHealth, nowMs: number): RecentOutcome[] {
  return recent.filter(({ at }) => at >= nowMs - healthWindow.maxAgeMs);
}

/**
 * Derives the status. `unreachable`: the last outcome was a connection failure. `unhealthy`: three failures in a row, or a
 * success rate below 50 %. `degraded`: a rate below 100 %. Otherwise `healthy`.
 */
export function healthStatus(health: AgentHealth, nowMs: number): HealthStatus {
  if (health.lastErrorType && failureRow(health.lastErrorType).health === 'unreachable') return 'unreachable';
  const rate = successRate(health, nowMs);
  if (health.consecutiveFailures >= unhealthyAfterFailures || rate < unhealthyBelowRate) return 'unhealthy';
  return rate < 100 ? 'degraded' : 'healthy';
}

/** Returns the sums of `errorCounts` over all agents, with 0 for types that never occurred. */
export function sumErrorCounts(all: Iterable<AgentHealth>): Record<ErrorType, number> {
  const sums = Object.fromEntries(errorTypes.map((type) => [type, 0])) as Record<ErrorType, number>;
  for (const { errorCounts } of all) for (const type of errorTypes) sums[type] += errorCounts[type] ?? 0;
  return sums;
}
