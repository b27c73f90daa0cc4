/** The settings HOLDFAST_ALERT_*: when alerts fire. */
import { z } from 'zod';

const number = (fallback: number, min: number, max: number) => {
  const takes = `takes a number from ${min} to ${max}`;
  return z.coerce.number(takes).min(min, takes).max(max, takes).default(fallback);
};
const whole = (fallback: number, min: number, max: number) => {
  const takes = `takes a whole number from ${min} to ${max}`;
  return z.coerce.number(takes).int(takes).min(min, takes).max(max, takes).default(fallback);
};

export const alertSettings = {
  HOLDFAST_ALERTS: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'Whether this process looks for what alerts are about. If none does, what is active counts as over.',
    ),
  HOLDFAST_ALERT_CHECK_SECONDS: whole(15, 1, 300).describe('How often it looks.'),
  HOLDFAST_ALERT_FOR_SECONDS: whole(60, 1, 3_600).describe(
    'How long an agent, Temporal or all workers must be away before an alert fires. Refused calls count for five times as long.',
  ),
  // Above 94, so that a burn rate of 14.4 is possible: 14.4 times 6 % is 86 % of all calls.
  HOLDFAST_ALERT_OBJECTIVE_PERCENT: number(99, 94, 99.99).describe(
    'Share of calls that should be answered. An alert fires when the errors that this allows in 30 days would be used up in 2 or in 5 days.',
  ),
  HOLDFAST_ALERT_FAILOVER_PERCENT: number(20, 0, 100).describe(
    'Share of answered calls, of 15 minutes, above which an alert fires because fallbacks answer.',
  ),
  HOLDFAST_ALERT_QUEUE_WAIT_SECONDS: whole(60, 1, 86_400).describe(
    'Wait for the turn of its session above which an alert fires if one call in 20 waits longer, of those that end in 5 minutes.',
  ),
  HOLDFAST_ALERT_RETENTION_PERCENT: number(15, 1, 100).describe(
    'Last part of the retention in which an alert is active for failed calls that no archive has: of 7 days, 15 % are 25 hours.',
  ),
  HOLDFAST_ALERT_MIN_CALLS: whole(10, 1, 1_000_000).describe(
    'Fewest failed calls, failovers, refused calls or, for the wait, ended calls for which an alert fires.',
  ),
} as const;

type Set = { readonly [Name in keyof typeof alertSettings]: z.output<(typeof alertSettings)[Name]> };

/** Durations are in ms, shares from 0 to 1. */
export function toAlertConfig(set: Set) {
  return {
    enabled: set.HOLDFAST_ALERTS === 'on',
    checkMs: set.HOLDFAST_ALERT_CHECK_SECONDS * 1_000,
    forMs: set.HOLDFAST_ALERT_FOR_SECONDS * 1_000,
    objective: set.HOLDFAST_ALERT_OBJECTIVE_PERCENT / 100,
    failovers: set.HOLDFAST_ALERT_FAILOVER_PERCENT / 100,
    queueWaitMs: set.HOLDFAST_ALERT_QUEUE_WAIT_SECONDS * 1_000,
    retention: set.HOLDFAST_ALERT_RETENTION_PERCENT / 100,
    atLeast: set.HOLDFAST_ALERT_MIN_CALLS,
  };
}
