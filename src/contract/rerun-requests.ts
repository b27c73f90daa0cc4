/** What requests for reruns may hold: of one call, and of all calls that match a filter. */
import { callFilter, promptAndDeadline, type RequestLimits } from './call-requests.ts';
import { id } from './ids.ts';
import type { RequestOf } from './types-of.ts';
import { z } from './zod.ts';

export function rerunOverrides(limits: RequestLimits) {
  const { prompt, deadline_seconds } = promptAndDeadline(limits);
  return z
    .strictObject({
      agent_name: id.nullish().openapi({ description: 'Asked instead of the agent of the call' }),
      fallback_agents: z
        .array(id)
        .max(limits.maxChain - 1)
        .nullish()
        .openapi({
          description: 'Exactly these after the agent, in this order, instead of its own fallbacks',
        }),
      prompt: prompt.nullish(),
      deadline_seconds,
      from: z.enum(['start', 'failed_agent']).nullish().openapi({
        description:
          'failed_agent: begins at the agent whose failure ended the call, without those before it',
      }),
    })
    .openapi('RerunOverrides');
}

export function rerunBatchRequest(limits: RequestLimits) {
  return z
    .strictObject({
      /** Which calls it runs again. */
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
