/** Decides which conditions of alerts hold, from what the cluster knows. All times are epoch ms. */
import type { AlertValues, ReportedCondition } from './alert.ts';
import { healthStatus, unhealthyAfterFailures, type AgentHealth, type HealthStatus } from './health.ts';

/** An agent, as far as alerts need it. */
export interface WatchedAgent {
  readonly name: string;
  /** The project that owns it. Absent: all use it. */
  readonly project?: string | undefined;
}

/** The parts of a condition that are about one agent. */
export function aboutAgent({ name, project }: WatchedAgent) {
  return { subject: name, agent: name, ...(project !== undefined && { project }) };
}

/** The statuses in which an agent's circuit opens. */
const bad: readonly HealthStatus[] = ['unhealthy', 'unreachable'];

/**
 * Returns the condition of an agent that has been unhealthy or unreachable for `forMs`, without any success. One failed call, or
 * two at about the same time, say too little of an agent that nobody asks again: there must be as many as make an agent
 * unhealthy, or some that are `forMs` apart.
 */
export function agentCondition(
  agent: WatchedAgent,
  health: AgentHealth,
  { now, forMs }: { readonly now: number; readonly forMs: number },
): ReportedCondition | undefined {
  const status = healthStatus(health, now);
  const { consecutiveFailures, lastErrorType, lastFailureAt = now } = health;
  if (!bad.includes(status) || lastErrorType === undefined) return undefined;
  const since = health.failingSince ?? lastFailureAt;
  const isProven = consecutiveFailures >= unhealthyAfterFailures || lastFailureAt - since >= forMs;
  if (!isProven || now - since < forMs) return undefined;
  return {
    condition: 'agent_unreachable',
    ...aboutAgent(agent),
    since,
    summary: `Agent ${agent.name} has been ${status} for ${seconds(now - since)} s: its last error is ${lastErrorType}, and ${consecutiveFailures} calls or probes in a row have failed`,
    values: { seconds: seconds(now - since), failures_in_a_row: consecutiveFailures },
  };
}

/** Returns the condition of failed calls whose histories Temporal deletes within `withinMs`. */
export function retentionCondition(
  count: number,
  { now, withinMs }: { readonly now: number; readonly withinMs: number },
): ReportedCondition | undefined {
  if (count === 0) return undefined;
  const hours = Math.max(1, Math.round(withinMs / 3_600_000));
  return {
    condition: 'retention_near',
    subject: '',
    since: now,
    summary: `Temporal deletes ${count} failed calls within ${hours} h, and no archive has them`,
    values: { calls: count, within_hours: hours },
  };
}

/** A webhook, and how many of its events were parked and not sent again since. */
export interface WatchedWebhook {
  readonly id: string;
  readonly name: string;
  readonly project?: string | undefined;
  readonly parked: number;
}

export function webhookCondition(
  { id, name, project, parked }: WatchedWebhook,
  now: number,
): ReportedCondition | undefined {
  if (parked === 0) return undefined;
  return {
    condition: 'webhook_parked',
    subject: id,
    ...(project !== undefined && { project }),
    since: now,
    summary: `${parked} events of the webhook ${name} were given up and wait for a redelivery`,
    values: { parked },
  };
}

/** Returns the condition of calls that were refused for one reason in the last `windowMs`. */
export function refusedCondition(
  reason: string,
  count: number,
  { now, windowMs, atLeast }: { readonly now: number; readonly windowMs: number; readonly atLeast: number },
): ReportedCondition | undefined {
  if (count < atLeast) return undefined;
  return {
    condition: 'calls_refused',
    subject: reason,
    since: now,
    summary: `A node has refused ${count} calls in the last ${seconds(windowMs)} s: ${reason}`,
    values: { calls: count, seconds: seconds(windowMs) },
  };
}

/** Returns the condition of a disk. `problem` says what is wrong with it; undefined if nothing is. */
export function diskCondition(
  host: string,
  problem: string | undefined,
  now: number,
): ReportedCondition | undefined {
  return problem === undefined
    ? undefined
    : { condition: 'disk_low', subject: host, since: now, summary: `${host}: ${problem}`, values: noValues };
}

/** What keeps calls from going on while nothing durable can run. */
export type Outage = 'no_workers' | 'temporal_unreachable';

/** Returns the condition of an outage that has lasted for `now - since`. */
export function outageCondition(outage: Outage, since: number, now: number): ReportedCondition {
  const what =
    outage === 'no_workers'
      ? 'Temporal answers, but no worker polls'
      : 'Temporal does not answer, or refuses the credentials';
  return {
    condition: outage,
    subject: '',
    since,
    summary: `${what}, since ${seconds(now - since)} s ago: calls wait, and nothing new is accepted`,
    values: { seconds: seconds(now - since) },
  };
}

const noValues: AlertValues = {};
const seconds = (ms: number): number => Math.round(ms / 1_000);
