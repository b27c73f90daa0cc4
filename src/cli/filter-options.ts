/** The options that select calls. Every command on many calls takes the same ones. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CallFilter, CallListQuery } from '../contract/call-requests.ts';
import type { CallStatus } from '../contract/calls.ts';
import { errorTypes, type ErrorType } from '../domain/failures.ts';
import { callIdFrom } from '../domain/ids.ts';

/** The parsed filter options. Times are ISO 8601 in UTC. */
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

/** Adds the filter options to a command. */
export function withFilter(command: Command): Command {
  return command
    .addOption(
      new Option('--status <status>', 'status of the call').choices([
        'running',
        'completed',
        'failed',
        'cancelled',
      ]),
    )
    .addOption(new Option('--error-type <type>', 'error type of a failed call').choices(errorTypes))
    .option('--agent <name>', 'agent that the call asked for')
    .option('--answered-by <name>', 'agent that answered')
    .option('--session <id>', 'session of the call')
    .option('--user <id>', 'user of the call')
    .option(
      '--since <time>',
      'started at this time or later: 12h (ago), 7d, 2026-11-25 or an ISO time',
      asTime,
    )
    .option('--until <time>', 'started before this time', asTime)
    .option('--text <text>', 'call id begins with this text', callIdFrom)
    .option('--rerun-of <call-id>', 'reruns of this call', callIdFrom);
}

/** Converts the options to a filter with the API's names, for a query or a body. Options that are not set are left out. */
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

/** The parsed options of what else finds calls. */
export interface SearchOptions extends FilterOptions {
  readonly asked?: string;
  readonly failedOver?: 'true' | 'false';
  readonly resolved?: 'true' | 'false';
  readonly metadata?: Readonly<Record<string, string>>;
  readonly promptContains?: string;
}

const yesOrNo = ['true', 'false'];

/** Adds the filter options to a command, and those of what Temporal's list filter cannot say. */
export function withSearch(command: Command): Command {
  return withFilter(command)
    .option('--asked <name>', 'agent that the call asked, as its first or as a fallback')
    .addOption(
      new Option('--failed-over <yes>', 'whether another agent answered than the one named').choices(yesOrNo),
    )
    .addOption(
      new Option('--resolved <yes>', 'failed calls: whether a rerun of theirs was answered').choices(yesOrNo),
    )
    .option('--metadata <name=value>', 'member of the metadata; may be repeated', asMember)
    .option('--prompt-contains <text>', 'text in the prompt');
}

/** Converts the options to the parameters of a list. Options that are not set are left out. */
export function searchOf(options: SearchOptions): Record<string, string> {
  const { asked, failedOver: failed_over, resolved, promptContains: prompt_contains, metadata } = options;
  const more = { asked, failed_over, resolved, prompt_contains } satisfies CallListQuery;
  const members = Object.entries(metadata ?? {}).map(([name, value]): [string, string] => [
    `metadata.${name}`,
    value,
  ]);
  return {
    ...filterOf(options),
    ...Object.fromEntries(
      [...Object.entries(more), ...members].filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    ),
  };
}

function asMember(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Takes name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses a duration before now (`12h`), a date or an ISO time to ISO 8601 in UTC. Throws `InvalidArgumentError`. */
export function asTime(text: string): string {
  const ago = durationMs(text);
  const at = ago === undefined ? Date.parse(text) : Date.now() - ago;
  // Date.parse accepts many texts that are not times, so the beginning must be a date.
  if (Number.isNaN(at) || (ago === undefined && !/^\d{4}-\d{2}-\d{2}/.test(text)))
    throw new InvalidArgumentError('Takes a time ago (30m, 12h, 7d), a date or an ISO time.');
  return new Date(at).toISOString();
}

/** Parses a duration (`90d`, `12h`, `30m`, `45s`) to seconds. Throws `InvalidArgumentError`. */
export function durationSeconds(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) throw new InvalidArgumentError('Takes a duration: 0s, 45s, 30m, 12h or 90d.');
  return ms / 1_000;
}

/** Undefined if the text is not a duration. */
function durationMs(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (unitMs[unit] ?? 0);
}

/** Makes a parser for options that take a whole number from `min` to `max`. The parser throws `InvalidArgumentError`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`Takes a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** Parses the value of an option that takes seconds or a rate: any number above 0. Throws `InvalidArgumentError`. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError('Takes a number above 0.');
  return value;
}
