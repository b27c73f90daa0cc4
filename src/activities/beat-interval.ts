import type { Info } from '@temporalio/activity';

/** The interval of heartbeats as a fraction of the heartbeat timeout: 2 s with the default of 5 s. */
const heartbeatFraction = 0.4;
export const defaultHeartbeatTimeoutMs = 5_000;

/** Returns how often an activity sends heartbeats, in ms. */
export function beatIntervalMs({ heartbeatTimeoutMs = defaultHeartbeatTimeoutMs }: Info): number {
  return Math.max(1_000, heartbeatTimeoutMs * heartbeatFraction);
}
