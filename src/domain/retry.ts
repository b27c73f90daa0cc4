import { failures, type ErrorType } from './failures.ts';
import type { Try } from './call.ts';

/** The backoff between an agent's tries, in the terms of Temporal's RetryPolicy. */
export const backoff = { initialMs: 1_000, coefficient: 2, maximumMs: 8_000, jitter: 0.1 } as const;

/** The least delay, in ms, that follows a `Retry-After`. */
const leastRetryAfterMs = 100;

/**
 * Returns how long to wait, in ms, after the failed try `tryNumber` (numbered from 1) before the agent is asked again: 1, 2, 4,
 * 8, 8... s, each ±10 %. If the agent itself gave a time (`retryAfterMs`), the wait is that time and up to 10 % more, so that
 * callers do not all return at once. `random` is in [0, 1).
 */
export function retryDelayMs(tryNumber: number, retryAfterMs: number | undefined, random: number): number {
  const { initialMs, coefficient, maximumMs, jitter } = backoff;
  if (retryAfterMs !== undefined)
    return Math.round(Math.max(leastRetryAfterMs, retryAfterMs) * (1 + jitter * random));
  const base = Math.min(initialMs * coefficient ** (tryNumber - 1), maximumMs);
  return Math.round(base * (1 + jitter * (2 * random - 1)));
}

/** The pauses between the tries of an event of a webhook, or of a callback. */
const firstEventPauseMs = 5_000;
const maxEventPauseMs = 15 * 60_000;

/** Returns the pause in ms after that many tries of an event: 5, 10, 20 s and so on, each ±10 %. `random` is from 0 to 1. */
export function eventBackoffMs(tries: number, random: number): number {
  return Math.min(firstEventPauseMs * 2 ** (tries - 1), maxEventPauseMs) * (0.9 + 0.2 * random);
}

/** Whether the agent may be asked again after this failure. A type with `once` is final if an earlier try failed with it. */
export function mayRetry(type: ErrorType, earlier: readonly Try[]): boolean {
  const { retry } = failures[type];
  if (retry === 'no') return false;
  return retry !== 'once' || !earlier.some((one) => one.errorType === type);
}

/** Parses `retry-after-ms`, which model servers send with or instead of `Retry-After`. Undefined if it is not a number. */
export function parseRetryAfterMs(header: string | undefined): number | undefined {
  const text = header?.trim() ?? '';
  return /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Math.ceil(Number(text)) : undefined;
}

/** Matches all three forms of an HTTP-date: a day's name, a time of day, then the year in asctime's form. */
const httpDate = /^[A-Za-z]{3,9},? .*\d{2}:\d{2}:\d{2}/;
const zoneMissing = /:\d{2}(?: \d{4})?$/;

/**
 * Parses `Retry-After` (RFC 9110, section 10.2.3) to ms from `nowMs`. It is a number of seconds, or an HTTP-date in any of
 * its three forms (section 5.6.7), all in UTC. Undefined if it is neither; 0 for a date in the past.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = parseHttpDate(text);
  return at === undefined ? undefined : Math.max(0, at - nowMs);
}

/** Parses an HTTP-date to epoch ms. Undefined if it is not one. */
export function parseHttpDate(header: string | undefined): number | undefined {
  const text = header?.trim() ?? '';
  if (!httpDate.test(text)) return undefined;
  const at = Date.parse(text.replace(zoneMissing, '$& GMT'));
  return Number.isNaN(at) ? undefined : at;
}
