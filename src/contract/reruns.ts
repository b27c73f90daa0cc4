/** Schemas of answers and events about reruns: of one call, and of batches. */
import type { AnswerOf } from './types-of.ts';
import { callSummary } from './calls.ts';
import { errorType, isoTime, nullableText, wholeNumber } from './fields.ts';
import { z } from './zod.ts';

export const rerunAccepted = z.object({ call_id: z.string(), rerun_of: z.string(), attached: z.boolean() });

const batchStatus = z.enum(['running', 'completed', 'cancelled', 'failed']);
const batchFields = {
  batch_id: z.string(),
  status: batchStatus,
  filter: z.record(z.string(), z.string()),
  overrides: z.object({
    agent_name: nullableText,
    fallback_agents: z.array(z.string()).nullable(),
    deadline_seconds: z.number().nullable(),
    from: z.enum(['start', 'failed_agent']).nullable(),
    own_prompt: z.boolean(),
  }),
  total: wholeNumber,
  done: wholeNumber,
  now_succeeded: wholeNumber,
  failed_again: wholeNumber,
  skipped: wholeNumber,
  started_at: isoTime,
  ended_at: isoTime.nullable(),
};
const batchItem = z.object({
  call_id: z.string(),
  rerun_id: nullableText,
  outcome: z.enum(['pending', 'running', 'succeeded', 'failed', 'skipped']),
  error_type: errorType.nullable(),
  reason: nullableText,
});
/** A batch without its items; also the data of the event `progress`. */
export const batchSummary = z.object(batchFields).openapi('RerunBatch');

export const batchList = z
  .object({ batches: z.array(batchSummary), next_cursor: nullableText })
  .openapi('RerunBatchList');
export const batchDescription = z
  .object({ ...batchFields, items: z.array(batchItem) })
  .openapi('RerunBatchDescription');

export const batchDryRun = z.object({
  dry_run: z.literal(true),
  total: wholeNumber.openapi({ description: 'How many calls would be run again' }),
  skipped: wholeNumber.openapi({ description: 'How many matching calls would be skipped' }),
  sample: z.array(callSummary),
});
export const batchAccepted = z.object({ batch_id: z.string() });
export const batchCancelled = z.object({ batch_id: z.string(), status: batchStatus });

/** The data of the event `end`. */
export const batchEnd = z.object({ batch_id: z.string() });

export type RerunAccepted = AnswerOf<typeof rerunAccepted>;
export type Batch = AnswerOf<typeof batchSummary>;
export type BatchItem = AnswerOf<typeof batchItem>;
export type BatchList = AnswerOf<typeof batchList>;
export type BatchDescription = AnswerOf<typeof batchDescription>;
export type BatchDryRun = AnswerOf<typeof batchDryRun>;
export type BatchAccepted = AnswerOf<typeof batchAccepted>;
export type BatchCancelled = AnswerOf<typeof batchCancelled>;
export type BatchEnd = AnswerOf<typeof batchEnd>;
