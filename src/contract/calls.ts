/** Schemas of answers about calls. The answers are made in api/calls/wire.ts and call-description.ts. */
import type { AnswerOf } from './types-of.ts';
import { errorType, isoTime, nullableText, wholeNumber } from './fields.ts';
import { z } from './zod.ts';

export const callStatus = z.enum(['running', 'completed', 'failed', 'cancelled']).openapi('CallStatus');

const attemptTry = z.object({
  try: z.number().int().openapi({ description: 'Number of the try at this agent, from 1' }),
  attempt: z
    .number()
    .int()
    .openapi({ deprecated: true, description: 'Same as try; will be removed in 0.3.0 at the earliest' }),
  error_type: errorType.nullable(),
  lost: z.boolean().openapi({ description: 'Its worker died or stopped before the agent answered' }),
  latency_ms: z.number(),
  first_byte_ms: z
    .number()
    .nullable()
    .openapi({ description: "Until the response's headers arrived; null if none did" }),
  at: isoTime,
  http_status: z
    .number()
    .int()
    .nullable()
    .openapi({ description: 'Of the answer, if that was no success; null if none came' }),
  headers: z.record(z.string(), z.string()).nullable().openapi({
    description:
      "Of that answer: content-type, retry-after, retry-after-ms and the request's id, as far as it had them",
  }),
  body_excerpt: nullableText.openapi({
    description: 'The beginning of that answer, at most 300 characters in one line, without secrets',
  }),
});
const attempt = z
  .object({
    agent: z.string(),
    status: z.enum(['ok', 'failed', 'skipped']),
    error_type: errorType.nullable(),
    error: z.string().nullable(),
    tries: z.number().int().openapi({
      description:
        'How often this agent was asked. A request that was lost with its worker during the first workflow task is not counted',
    }),
    latency_ms: z.number().nullable().openapi({
      description: 'All tries including backoff, without time that was lost with a worker',
    }),
    try_log: z.array(attemptTry),
  })
  .openapi('Attempt');

const supersededBy = nullableText.openapi({
  description: 'The call that interrupted this one in its session (`when_busy`)',
});

/** The outcome of a call. */
const callFields = {
  call_id: z.string(),
  success: z.boolean().nullable().openapi({ description: 'null while the call runs' }),
  agent_name: z
    .string()
    .openapi({ description: 'The agent that answered; if none has, the agent that was asked for' }),
  response: z.string().nullable(),
  error: z.string().nullable(),
  error_type: errorType.nullable(),
  fallback_chain: z
    .array(z.string())
    .openapi({ description: 'Agent names in the order in which they were to be asked' }),
  attempts: z.array(attempt),
  latency_ms: z
    .number()
    .nullable()
    .openapi({ description: 'For a repeat with the same key: since the repeat' }),
  overhead_ms: z.number().nullable().openapi({
    description:
      'latency_ms without the agents, the wait for the turn and waits for paused agents; includes time that was lost with a worker',
  }),
  retried: z.boolean(),
  retry_count: z.number().int().openapi({ description: 'Failovers: agents asked beyond the first' }),
  session_stored: z.boolean().nullable().openapi({
    description:
      'true: the session has, or will have before its next turn or read, what the call leaves; false: it was removed before the call ended, or the call was cancelled before it had its turn; null: no session, or not known any more',
  }),
  superseded_by: supersededBy,
};
export const callAnswer = z.object(callFields).openapi('CallAnswer');
export const callAccepted = z.object({ call_id: z.string(), status: callStatus }).openapi('CallAccepted');

export const askedAndAnswered = {
  asked: z.string().openapi({ description: 'The agent that the caller asked for' }),
  answered_by: nullableText.openapi({ description: 'The agent that answered; null: none has' }),
};
const summaryFields = {
  call_id: z.string(),
  status: callStatus,
  agent_name: z.string().openapi({ description: 'Same as asked' }),
  ...askedAndAnswered,
  error_type: errorType.nullable(),
  session_id: nullableText,
  user_id: nullableText,
  started_at: isoTime,
  ended_at: isoTime.nullable(),
  duration_ms: z
    .number()
    .nullable()
    .openapi({ description: 'From the start to the end; null while it runs' }),
  rerun_of: nullableText,
  superseded_by: supersededBy,
  resolved: z.boolean().nullable().openapi({
    description:
      'Of a failed call: whether a rerun of it, or a rerun of that, was answered. null: it has not failed',
  }),
  prompt_preview: nullableText.optional().openapi({
    description:
      "Only with `include=prompt`: the prompt's first 200 characters, in one line. null: the prompt is lost",
  }),
};
export const callSummary = z.object(summaryFields).openapi('CallSummary');
const callsCovered = z
  .object({
    calls: wholeNumber.openapi({ description: 'How many ended calls the answer was made from' }),
    since: isoTime.nullable().openapi({
      description: 'All calls that ended since then are among them; null: if whole, or if that is not known',
    }),
    complete_until: isoTime.nullable().openapi({ description: 'Up to then; later ones may be missing' }),
    whole: z
      .boolean()
      .openapi({ description: 'Whether those are all that Temporal still has, as far as is known' }),
    running: z.enum(['all', 'newest', 'none']).openapi({
      description:
        'Which running calls are among them. newest: the newest 1,000; none: a running call cannot match or be sorted',
    }),
    looked_at: wholeNumber.nullable().openapi({
      description:
        'Of how many calls the content was read for this answer; null: of none. If it is at its limit, next_cursor goes on',
    }),
  })
  .openapi('CallsCovered');
export const covers = callsCovered
  .nullable()
  .openapi({ description: 'What the answer was made from; null: from all calls that Temporal has' });
export const callList = z
  .object({ calls: z.array(callSummary), next_cursor: nullableText, covers })
  .openapi('CallList');

export const callCounts = z
  .object({
    total: wholeNumber,
    running: wholeNumber,
    completed: wholeNumber,
    failed: wholeNumber,
    cancelled: wholeNumber,
    covers,
  })
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
      .openapi({ description: 'The text was lost in the payload store; a note stands for it' }),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    callback: z.enum(['pending', 'delivered', 'failed', 'unknown']).nullable().openapi({
      description:
        'What has become of the event for its callback_url. failed: it was given up. unknown: the call ended over an hour ago, and nothing is known of it. null: the call has none',
    }),
    deadline_seconds: z
      .number()
      .openapi({ description: 'From the start of the call, including the wait for the turn' }),
    timings: z
      .object({
        queued_ms: phase.openapi({ description: "The wait for the session's turn" }),
        first_byte_ms: phase.openapi({
          description: "From the start of the answering try until the response's headers arrived",
        }),
        agent_ms: phase.openapi({ description: 'All agents, including backoff' }),
        overhead_ms: phase.openapi({ description: 'The rest, including time that was lost with a worker' }),
        total_ms: phase,
      })
      .openapi({ description: 'In ms. null: not over yet, or not known' }),
    chain: z
      .array(
        z.object({
          name: z.string(),
          url: z.string(),
          timeout_seconds: z.number(),
          max_retries: z.number().int(),
        }),
      )
      .openapi({ description: 'Pinned when the call started' }),
    passed_over: z.array(z.string()).openapi({
      description:
        'Agents that moved behind others in the chain because their circuit was open when the call started',
    }),
    reruns: z
      .array(z.object({ call_id: z.string(), status: callStatus }))
      .openapi({ description: 'Newest first, at most 50; may lag behind by seconds' }),
    waiting_for: nullableText.openapi({
      description:
        "The call that has the session's turn for which this one waits; null if it does not wait, or if that is not known",
    }),
    web_ui_url: nullableText,
  })
  .openapi('CallDescription');

export const callHistory = z.object({ events: z.array(z.unknown()) });
/** One line of an export. */
export const exportedCall = z
  .object({ call_id: z.string(), ...askedAndAnswered, history: callHistory })
  .openapi('ExportedCall');

export type CallStatus = AnswerOf<typeof callStatus>;
export type Try = AnswerOf<typeof attemptTry>;
export type Attempt = AnswerOf<typeof attempt>;
export type CallAnswer = AnswerOf<typeof callAnswer>;
export type CallAccepted = AnswerOf<typeof callAccepted>;
export type CallSummary = AnswerOf<typeof callSummary>;
export type CallList = AnswerOf<typeof callList>;
export type CallsCovered = AnswerOf<typeof callsCovered>;
export type CallCounts = AnswerOf<typeof callCounts>;
export type CallDescription = AnswerOf<typeof callDescription>;
export type Timings = CallDescription['timings'];
export type PinnedAgent = CallDescription['chain'][number];
export type CallHistory = AnswerOf<typeof callHistory>;
export type ExportedCall = AnswerOf<typeof exportedCall>;
