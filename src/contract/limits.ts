/** Schemas of the limits of keys and projects. */
import type { Limits } from '../domain/limits.ts';
import type { AnswerOf, RequestOf } from './types-of.ts';
import { z } from './zod.ts';

const positive = (max: number) => z.number().int().min(1).max(max).nullish();

/** Limits in a request. Members that are absent or null are not limited. */
export const limitsRequest = z
  .strictObject({
    requests_per_minute: positive(1_000_000).openapi({ description: 'Requests of any kind' }),
    calls_in_flight: positive(100_000),
    calls_per_day: positive(100_000_000).openapi({ description: 'A day in UTC' }),
    max_prompt_bytes: positive(64 * 1024 * 1024).openapi({ description: 'As JSON in UTF-8' }),
  })
  .openapi('LimitsRequest');

const limit = z.number().int().nullable();

export const limits = z
  .object({
    requests_per_minute: limit,
    calls_in_flight: limit,
    calls_per_day: limit,
    max_prompt_bytes: limit,
  })
  .openapi('Limits', { description: 'null: not limited' });

/** Converts the limits of a request. */
export function toLimits(wanted: z.output<typeof limitsRequest>): Limits {
  const { requests_per_minute, calls_in_flight, calls_per_day, max_prompt_bytes } = wanted;
  return {
    ...(requests_per_minute != null && { requestsPerMinute: requests_per_minute }),
    ...(calls_in_flight != null && { callsInFlight: calls_in_flight }),
    ...(calls_per_day != null && { callsPerDay: calls_per_day }),
    ...(max_prompt_bytes != null && { promptBytes: max_prompt_bytes }),
  };
}

export function limitsToWire(kept: Limits = {}): z.output<typeof limits> {
  return {
    requests_per_minute: kept.requestsPerMinute ?? null,
    calls_in_flight: kept.callsInFlight ?? null,
    calls_per_day: kept.callsPerDay ?? null,
    max_prompt_bytes: kept.promptBytes ?? null,
  };
}

export type LimitsRequest = RequestOf<typeof limitsRequest>;
export type LimitsOnWire = AnswerOf<typeof limits>;
