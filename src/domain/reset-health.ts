import type { AgentHealth } from './health.ts';

/**
 * Closes the circuit, as if the agent had never been asked until `at`; totals, error counts and details stay. Of what
 * is later, nothing is forgotten.
 */
export function resetHealth(health: AgentHealth, at: number): void {
  health.resetAt = Math.max(at, health.resetAt ?? 0);
  health.recent = health.recent.filter((outcome) => outcome.at > at);
  if ((health.lastFailureAt ?? 0) > at) {
    // How many of the failures in a row are later is known of calls, not of probes: one at least.
    const later = health.recent.filter(({ ok }) => !ok).length;
    health.consecutiveFailures = Math.min(health.consecutiveFailures, Math.max(1, later));
    return;
  }
  health.consecutiveFailures = 0;
  delete health.lastErrorType;
}
