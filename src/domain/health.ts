import { errorTypes, failureRow, type ErrorType } from './failures.ts';

/** One per agent per call, after its retries. */
export interface Outcome {
  readonly callId: string;
  readonly agent: string;
  /** Epoch ms. */
  readonly at: number;
  /** Absent: the agent answered. */
  readonly errorType?: ErrorType;
  /** A probe of the health path: it moves the agent's state, not its figures. */
  readonly probe?: true;
  /** Of an answered call: all tries, backoff included, without those that were lost with a worker. */
  readonly latencyMs?: number;
}

export interface RecentError {
  readonly at: number;
  readonly type: ErrorType;
  readonly callId: string;
}

/** One that counted. */
export interface RecentOutcome {
  /** Epoch ms. */
  readonly at: number;
  /** The agent answered. */
  readonly ok: boolean;
}

/** How it is stored and sent: packed-health.ts. */
export interface AgentHealth {
  totalRequests: number;
  totalFailures: number;
  consecutiveFailures: number;
  lastSuccessAt?: number;
  lastFailureAt?: number;
  lastErrorType?: ErrorType;
  errorCounts: Partial<Record<ErrorType, number>>;
  /** The last outcomes that counted, oldest first. */
  recent: RecentOutcome[];
  /** Of the last answered calls, in whole ms, oldest first. */
  latencies?: number[];
  /** The last failed calls, oldest first; those that do not count too. */
  recentErrors?: RecentError[];
  /** An operator declared the agent healthy: outcomes of until then are figures, and say nothing of its state. */
  resetAt?: number;
}

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy' | 'unreachable';

/** Rate over the last 50 outcomes within 15 minutes. */
export const healthWindow = { maxOutcomes: 50, maxAgeMs: 15 * 60_000 } as const;
/** Kept of each agent, to look at. */
export const healthDetails = { latencies: 50, errors: 10 };
/** Ids are of 36 characters at most; another's would not be let grow the entity. */
const maxCallIdLength = 64;
export const unhealthyAfterFailures = 3;
export const unhealthyBelowRate = 50;

export function newHealth(): AgentHealth {
  return { totalRequests: 0, totalFailures: 0, consecutiveFailures: 0, errorCounts: {}, recent: [] };
}

/** A copy that `recordOutcome` may change without touching the original. */
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
  recordTimes(health, outcome);
  if (errorType) {
    health.consecutiveFailures += 1;
    health.lastErrorType = errorType;
  } else {
    health.consecutiveFailures = 0;
    delete health.lastErrorType;
  }
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

/** In percent; 100 for an agent that was not asked lately. */
export function successRate(health: AgentHealth, nowMs: number): number {
  const lately = latelyOf(health, nowMs);
  if (lately.length === 0) return 100;
  return (100 * lately.filter(({ ok }) => ok).length) / lately.length;
}

/** How many outcomes the success rate is over. */
export function recentRequests(health: AgentHealth, nowMs: number): number {
  return latelyOf(health, nowMs).length;
}

function latelyOf({ recent }: AgentHealth, nowMs: number): RecentOutcome[] {
  return recent.filter(({ at }) => at >= nowMs - healthWindow.maxAgeMs);
}

export function healthStatus(health: AgentHealth, nowMs: number): HealthStatus {
  if (health.lastErrorType && failureRow(health.lastErrorType).health === 'unreachable') return 'unreachable';
  const rate = successRate(health, nowMs);
  if (health.consecutiveFailures >= unhealthyAfterFailures || rate < unhealthyBelowRate) return 'unhealthy';
  return rate < 100 ? 'degraded' : 'healthy';
}

/** Sums of `errorCounts`, every type of the failure table present. */
export function sumErrorCounts(all: Iterable<AgentHealth>): Record<ErrorType, number> {
  const sums = Object.fromEntries(errorTypes.map((type) => [type, 0])) as Record<ErrorType, number>;
  for (const { errorCounts } of all) for (const type of errorTypes) sums[type] += errorCounts[type] ?? 0;
  return sums;
}
