/** Schemas of requests for reruns: of one call, and of all calls that match a filter. */
import { callFilter, promptAndDeadline, type RequestLimits } from './call-requests.ts';
import { id } from './ids.ts';
import type { RequestOf } from './types-of.ts';
import { z } from './zod.ts';

/** The fields of the original call that a rerun changes. An absent field stays as in the original call. */
export function rerunOverrides(limits: RequestLimits) {
  const { prompt, deadline_seconds } = promptAndDeadline(limits);
  return z
    .strictObject({
      agent_name: id
        .nullish()
        .openapi({ description: 'The agent to ask instead of that of the original call' }),
      fallback_agents: z
        .array(id)
        .max(limits.maxChain - 1)
        .nullish()
        .openapi({
          description: 'The agents after the first one, in this order, instead of its own fallbacks',
        }),
      prompt: prompt.nullish(),
      deadline_seconds,
      from: z.enum(['start', 'failed_agent']).nullish().openapi({
        description:
          'failed_agent: the rerun begins with the agent whose failure ended the call, without those before it',
      }),
    })
    .openapi('RerunOverrides');
}

/** The body of a request for a batch of reruns. */
export function rerunBatchRequest(limits: RequestLimits) {
  return z
    .strictObject({
      /** The calls to run again. */
      filter: callFilter.extend({ status: z.enum(['failed', 'cancelled']).default('failed') }),
      overrides: rerunOverrides(limits).nullish(),
      rate_per_second: z.number().min(0.01).max(100).default(2),
      max_in_flight: z.number().int().min(1).max(200).default(8),
      dry_run: z.boolean().default(false),
    })
    .openapi('RerunBatchRequest');
}

export type RerunOverrides = RequestOf<ReturnType<typeof rerunOverrides>>;
export type RerunBatchRequest = RequestOf<ReturnType<typeof rerunBatchRequest>>;
