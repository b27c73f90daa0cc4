import type { AgentHealth } from './health.ts';

/**
 * Closes the agent's circuit: the status ignores every outcome up to `at` (epoch ms). Totals, error counts and details stay,
 * and so does every outcome after `at`.
 */
export function resetHealth(health: AgentHealth, at: number): void {
  health.resetAt = Math.max(at, health.resetAt ?? 0);
  health.recent = health.recent.filter((outcome) => outcome.at > at);
  if ((health.lastFailureAt ?? 0) > at) {
    // Failed calls after `at` are in `recent`; failed probes are not, so at least one failure is assumed.
    const later = health.recent.filter(({ ok }) => !ok).length;
    health.consecutiveFailures = Math.min(health.consecutiveFailures, Math.max(1, later));
    if (health.failingSince !== undefined) health.failingSince = Math.max(health.failingSince, at);
    return;
  }
  health.consecutiveFailures = 0;
  delete health.lastErrorType;
  delete health.failingSince;
}
