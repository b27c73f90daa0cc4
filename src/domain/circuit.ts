import { healthStatus, type AgentHealth } from './health.ts';

/**
 * The state of one agent's circuit breaker. While it is `open`, until `until` (epoch ms), the agent is asked last. `half_open`
 * means that the cooldown is over and one call per node, which takes the agent's probe slot, may ask it at its usual
 * place in the chain.
 */
export type Circuit =
  | { readonly state: 'closed' }
  | { readonly state: 'open'; readonly until: number }
  | { readonly state: 'half_open' };

/**
 * Derives the circuit from the agent's health. It is open for `cooldownMs` after the last failure if the agent is
 * unhealthy or unreachable and its last outcome was a failure. A success closes it. Calls that did not ask the agent
 * leave no outcome, so they never extend the cooldown.
 */
export function circuitOf(health: AgentHealth, nowMs: number, cooldownMs: number): Circuit {
  const { lastFailureAt, lastErrorType } = health;
  const status = healthStatus(health, nowMs);
  if (
    lastFailureAt === undefined ||
    lastErrorType === undefined ||
    (status !== 'unhealthy' && status !== 'unreachable')
  )
    return { state: 'closed' };
  const until = lastFailureAt + cooldownMs;
  return nowMs < until ? { state: 'open', until } : { state: 'half_open' };
}
