import { failures, type ErrorType } from './failures.ts';
import type { Try } from './call.ts';

/** Temporal's RetryPolicy for one agent, in its own terms. */
export const backoff = { initialMs: 1_000, coefficient: 2, maximumMs: 8_000, jitter: 0.1 } as const;

/** Delay after the `attempt`-th try (from 1): 1, 2, 4, 8, 8... s, each +-10 %. `random` is in [0, 1). */
export function retryDelayMs(attempt: number, random: number): number {
  const base = Math.min(backoff.initialMs * backoff.coefficient ** (attempt - 1), backoff.maximumMs);
  return Math.round(base * (1 + backoff.jitter * (2 * random - 1)));
}

/** A failure that may be retried only once is final if an earlier try met it too. */
export function mayRetry(type: ErrorType, earlier: readonly Try[]): boolean {
  const { retry } = failures[type];
  if (retry === 'no') return false;
  return retry !== 'once' || !earlier.some((one) => one.errorType === type);
}

/** `retry-after-ms`, which servers of models send beside or instead of `Retry-After`; undefined if it is no number. */
export function parseRetryAfterMs(header: string | undefined): number | undefined {
  const text = header?.trim() ?? '';
  return /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Math.ceil(Number(text)) : undefined;
}

/** What all HTTP-dates have: a day's name, then a time of day, then perhaps (asctime) the year. */
const httpDate = /^[A-Za-z]{3,9},? .*\d{2}:\d{2}:\d{2}/;
const zoneMissing = /:\d{2}(?: \d{4})?$/;

/**
 * `Retry-After` (RFC 9110 10.2.3) in ms from `nowMs`: delta-seconds or an HTTP-date in any of its three forms
 * (5.6.7), all of which are UTC; undefined if it is neither. A date in the past is 0.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  if (!httpDate.test(text)) return undefined;
  const at = Date.parse(text.replace(zoneMissing, '$& GMT'));
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
