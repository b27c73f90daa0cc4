/** The options that choose calls; every command that works on many calls takes the same. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CallFilter } from '../contract/call-requests.ts';
import type { CallStatus } from '../contract/calls.ts';
import { errorTypes, type ErrorType } from '../domain/failures.ts';
import { callIdFrom } from '../domain/ids.ts';

export interface FilterOptions {
  readonly status?: CallStatus;
  readonly errorType?: ErrorType;
  readonly agent?: string;
  readonly answeredBy?: string;
  readonly session?: string;
  readonly user?: string;
  readonly since?: string;
  readonly until?: string;
  readonly text?: string;
  readonly rerunOf?: string;
}

export function withFilter(command: Command): Command {
  return command
    .addOption(
      new Option('--status <status>', 'of the call').choices(['running', 'completed', 'failed', 'cancelled']),
    )
    .addOption(new Option('--error-type <type>', 'of a failed call').choices(errorTypes))
    .option('--agent <name>', 'that was asked')
    .option('--answered-by <name>', 'the agent that answered')
    .option('--session <id>', 'the session of the call')
    .option('--user <id>', 'the user of the call')
    .option('--since <time>', 'started then or later: 12h, 7d, 2026-11-25 or an ISO time', asTime)
    .option('--until <time>', 'started before then', asTime)
    .option('--text <text>', 'the call id begins with this', callIdFrom)
    .option('--rerun-of <call-id>', 're-runs of this call', callIdFrom);
}

/** As the API names them, in a query or a body. */
export function filterOf(options: FilterOptions): Record<string, string> {
  const { status, agent, session, user, since, until, text } = options;
  const { errorType: error_type, answeredBy: answered_by, rerunOf: rerun_of } = options;
  const named = {
    status,
    error_type,
    agent,
    answered_by,
    session,
    user,
    since,
    until,
    text,
    rerun_of,
  } satisfies CallFilter;
  return Object.fromEntries(
    Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** ISO 8601 in UTC. */
export function asTime(text: string): string {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const at = count === undefined ? Date.parse(text) : Date.now() - Number(count) * (unitMs[unit] ?? 0);
  // Date.parse takes much that is no time to anyone else.
  if (Number.isNaN(at) || (count === undefined && !/^\d{4}-\d{2}-\d{2}/.test(text)))
    throw new InvalidArgumentError('Takes a time ago (30m, 12h, 7d), a date or an ISO time.');
  return new Date(at).toISOString();
}

/** For options that take a whole number. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`Takes a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** For options that take a number of seconds, or per second. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError('Takes a number above 0.');
  return value;
}
