/** The options that limit a key or a project. */
import type { Command } from 'commander';
import type { LimitsOnWire, ProjectLimits, ProjectLimitsRequest } from '../contract/limits.ts';
import { CliError } from './errors.ts';
import { wholeNumber } from './filter-options.ts';

export interface LimitOptions {
  readonly requestsPerMinute?: number;
  readonly callsInFlight?: number;
  readonly callsPerDay?: number;
  readonly maxPromptBytes?: number;
  /** Patterns of the agents that a project may call. Only for projects. */
  readonly agents?: readonly string[];
}

/** Adds the options to a command. */
export function withLimits(command: Command): Command {
  const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);
  return command
    .option('--requests-per-minute <count>', 'most requests of any kind in a minute', count)
    .option('--calls-in-flight <count>', 'most calls at a time', count)
    .option('--calls-per-day <count>', 'most calls in a day (UTC)', count)
    .option('--max-prompt-bytes <count>', 'largest prompt, as JSON in UTF-8', count);
}

/** Converts the options to the API's names. Undefined if none is given. */
export function limitsOf({ agents, ...options }: LimitOptions): ProjectLimitsRequest | undefined {
  const limits = {
    requests_per_minute: options.requestsPerMinute,
    calls_in_flight: options.callsInFlight,
    calls_per_day: options.callsPerDay,
    max_prompt_bytes: options.maxPromptBytes,
    ...(agents && { agents }),
  };
  return Object.values(limits).some((one) => one !== undefined) ? limits : undefined;
}

/** Returns the limits that replace those before. Throws `CliError` unless there are some, or `--none` says that there are none. */
export function newLimits(options: LimitOptions & { readonly none?: true }): ProjectLimitsRequest {
  const limits = limitsOf(options);
  if ((limits === undefined) === (options.none === undefined))
    throw new CliError('usage', 'Give the limits, which replace those before, or --none for no limits');
  return limits ?? {};
}

/** Returns the limits for a cell of a table, such as `60 requests/min, 5 calls at a time`. */
export function limitsInWords(limits: LimitsOnWire | ProjectLimits): string | null {
  const words = [
    [limits.requests_per_minute, 'requests/min'],
    [limits.calls_in_flight, 'calls at a time'],
    [limits.calls_per_day, 'calls/day'],
    [limits.max_prompt_bytes, 'bytes of prompt'],
  ].flatMap(([count, what]) => (count == null ? [] : [`${count} ${what}`]));
  if ('agents' in limits && limits.agents) words.push(`agents ${limits.agents.join(' ')}`);
  return words.length === 0 ? null : words.join(', ');
}

/** Parses a list of texts, separated by commas. */
export function asList(text: string): string[] {
  return text.split(',').map((one) => one.trim());
}
