/** Schemas of the limits of keys and projects. */
import type { Limits } from '../domain/limits.ts';
import { shortListOf } from './bounds.ts';
import { id } from './ids.ts';
import type { AnswerOf, RequestOf } from './types-of.ts';
import { z } from './zod.ts';

const positive = (max: number) => z.number().int().min(1).max(max).nullish();

const wanted = {
  requests_per_minute: positive(1_000_000).openapi({ description: 'Requests of any kind' }),
  calls_in_flight: positive(100_000),
  calls_per_day: positive(100_000_000).openapi({ description: 'A day in UTC' }),
  max_prompt_bytes: positive(64 * 1024 * 1024).openapi({ description: 'As JSON in UTF-8' }),
};

/** Limits in a request. Members that are absent or null are not limited. */
export const limitsRequest = z.strictObject(wanted).openapi('LimitsRequest');

const maxProjectPatterns = 20;

/** Limits of a project in a request: those of a key, and which agents the project may call. */
export const projectLimitsRequest = z
  .strictObject({
    ...wanted,
    agents: shortListOf(maxProjectPatterns, id).nullish().openapi({
      description:
        'Names of the agents that calls of the project may ask for, in which `*` stands for any characters. The fallbacks of an agent come with it',
    }),
  })
  .openapi('ProjectLimitsRequest');

const limit = z.number().int().nullable();

const kept = {
  requests_per_minute: limit,
  calls_in_flight: limit,
  calls_per_day: limit,
  max_prompt_bytes: limit,
};

export const limits = z.object(kept).openapi('Limits', { description: 'null: not limited' });

export const projectLimits = z
  .object({ ...kept, agents: z.array(z.string()).nullable() })
  .openapi('ProjectLimits', { description: 'null: not limited' });

/** Converts the limits of a request. */
export function toLimits(request: z.output<typeof limitsRequest | typeof projectLimitsRequest>): Limits {
  const { requests_per_minute, calls_in_flight, calls_per_day, max_prompt_bytes } = request;
  const agents = 'agents' in request ? request.agents : undefined;
  return {
    ...(requests_per_minute != null && { requestsPerMinute: requests_per_minute }),
    ...(calls_in_flight != null && { callsInFlight: calls_in_flight }),
    ...(calls_per_day != null && { callsPerDay: calls_per_day }),
    ...(max_prompt_bytes != null && { promptBytes: max_prompt_bytes }),
    ...(agents != null && { agents }),
  };
}

export function limitsToWire(all: Limits = {}): z.output<typeof limits> {
  return {
    requests_per_minute: all.requestsPerMinute ?? null,
    calls_in_flight: all.callsInFlight ?? null,
    calls_per_day: all.callsPerDay ?? null,
    max_prompt_bytes: all.promptBytes ?? null,
  };
}

export function projectLimitsToWire(all: Limits = {}): z.output<typeof projectLimits> {
  return { ...limitsToWire(all), agents: all.agents === undefined ? null : [...all.agents] };
}

export type ProjectLimitsRequest = RequestOf<typeof projectLimitsRequest>;
export type ProjectLimits = AnswerOf<typeof projectLimits>;
export type LimitsOnWire = AnswerOf<typeof limits>;
