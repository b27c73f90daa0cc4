/** What answers about calls hold; call-description.ts and wire.ts make them. */
import { z } from 'zod';
import { callFields, errorType, isoTime, nullableText } from './answers.ts';
import { callStatus } from './requests.ts';

export const askedAndAnswered = {
  asked: z.string().openapi({ description: 'The agent that the caller asked for' }),
  answered_by: nullableText.openapi({ description: 'The agent that answered; null: none has' }),
};
const summaryFields = {
  call_id: z.string(),
  status: callStatus,
  agent_name: z.string().openapi({ description: 'As asked' }),
  ...askedAndAnswered,
  error_type: errorType.nullable(),
  session_id: nullableText,
  user_id: nullableText,
  started_at: isoTime,
  ended_at: isoTime.nullable(),
  rerun_of: nullableText,
};
export const callSummary = z.object(summaryFields).openapi('CallSummary');
export const callList = z
  .object({ calls: z.array(callSummary), next_cursor: nullableText })
  .openapi('CallList');

const number = z.number().int();
export const callCounts = z
  .object({ total: number, running: number, completed: number, failed: number, cancelled: number })
  .openapi('CallCounts');

const phase = z.number().nullable();
export const callDescription = z
  .object({
    ...summaryFields,
    ...callFields,
    prompt: z.string(),
    prompt_lost: z
      .literal(true)
      .optional()
      .openapi({ description: 'Lost in the payload store: a note stands in its place' }),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    deadline_seconds: z.number().openapi({ description: 'From its start, waiting for the turn included' }),
    timings: z
      .object({
        queued_ms: phase.openapi({ description: "Waiting for the session's turn" }),
        first_byte_ms: phase.openapi({ description: "From the answering try's start to its headers" }),
        agent_ms: phase.openapi({ description: 'All agents, backoff included' }),
        overhead_ms: phase.openapi({ description: 'The rest, with what was lost when a worker died' }),
        total_ms: phase,
      })
      .openapi({ description: 'null: not over, or not known' }),
    chain: z
      .array(
        z.object({
          name: z.string(),
          url: z.string(),
          timeout_seconds: z.number(),
          max_retries: z.number().int(),
        }),
      )
      .openapi({ description: 'As pinned when the call began' }),
    passed_over: z.array(z.string()).openapi({
      description:
        'Agents of the chain whose circuit was open when the call began, so that others come first',
    }),
    reruns: z
      .array(z.object({ call_id: z.string(), status: callStatus }))
      .openapi({ description: 'Newest first, at most 50; may lag by up to seconds' }),
    web_ui_url: nullableText,
  })
  .openapi('CallDescription');
