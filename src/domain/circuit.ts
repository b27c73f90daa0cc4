import { healthStatus, type AgentHealth } from './health.ts';

/**
 * The circuit breaker's view of one agent. `open`: it goes to the end of the chain until then. `half_open`: the
 * cooldown is over and one call per node may probe it.
 */
export type Circuit =
  | { readonly state: 'closed' }
  | { readonly state: 'open'; readonly until: number }
  | { readonly state: 'half_open' };

/**
 * Derived from the last outcome that counted, so skipped calls never extend the cooldown: an agent that is
 * unhealthy or unreachable and failed last is open for `cooldownMs` from that failure. A success closes it.
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
