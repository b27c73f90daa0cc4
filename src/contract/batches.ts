/** What answers about batches of reruns hold; batch-wire.ts makes them. */
import { z } from 'zod';
import { errorType, isoTime, nullableText } from './answers.ts';

const batchFields = {
  batch_id: z.string(),
  status: z.enum(['running', 'completed', 'cancelled', 'failed']),
  filter: z.record(z.string(), z.string()),
  overrides: z.object({
    agent_name: nullableText,
    fallback_agents: z.array(z.string()).nullable(),
    deadline_seconds: z.number().nullable(),
    from: z.enum(['start', 'failed_agent']).nullable(),
    own_prompt: z.boolean(),
  }),
  total: z.number().int(),
  done: z.number().int(),
  now_succeeded: z.number().int(),
  failed_again: z.number().int(),
  skipped: z.number().int(),
  started_at: isoTime,
  ended_at: isoTime.nullable(),
};
const batchSummary = z.object(batchFields).openapi('RerunBatch');
export const batchList = z
  .object({ batches: z.array(batchSummary), next_cursor: nullableText })
  .openapi('RerunBatchList');
export const batchDescription = z
  .object({
    ...batchFields,
    items: z.array(
      z.object({
        call_id: z.string(),
        rerun_id: nullableText,
        outcome: z.enum(['pending', 'running', 'succeeded', 'failed', 'skipped']),
        error_type: errorType.nullable(),
        reason: nullableText,
      }),
    ),
  })
  .openapi('RerunBatchDescription');
