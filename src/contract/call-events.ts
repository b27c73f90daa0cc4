/** Schemas of server-sent events about calls. */
import type { AnswerOf } from './types-of.ts';
import { callCounts, callSummary, covers } from './calls.ts';
import { errorType, isoTime, nullableText, wholeNumber } from './fields.ts';
import { z } from './zod.ts';

const common = { at: isoTime, call_id: z.string() };
const agent = z.string();
/** The number of the try at this agent, from 1, under two names. `attempt` will be removed in 0.3.0 at the earliest (docs/compatibility.md). */
const tryNumber = { try: wholeNumber, attempt: wholeNumber };

/**
 * Something that happened to a call. The name of the server-sent event is its `type`. The last one is followed by an event
 * `end`.
 */
export const callEvent = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['accepted', 'queued', 'turn_granted', 'cancelled']), ...common }),
  z.object({ type: z.literal('attempt_started'), ...common, agent, ...tryNumber }),
  z.object({
    type: z.literal('attempt_failed'),
    ...common,
    agent,
    ...tryNumber,
    error_type: errorType,
    error: nullableText,
    retry_at: isoTime.nullable(),
  }),
  z.object({
    type: z.literal('failover'),
    ...common,
    from: z.string(),
    to: z.string(),
    error_type: errorType,
  }),
  z.object({ type: z.literal('answered'), ...common, agent, latency_ms: z.number() }),
  z.object({ type: z.literal('failed'), ...common, error_type: errorType, error: z.string() }),
]);
export const callEnd = z.object({ type: z.literal('end'), call_id: z.string() });

/** The data of the event `calls` of the live list: the current first page of a filter and the current counts by status. */
export const liveCalls = z.object({ calls: z.array(callSummary), counts: callCounts, covers });

export type CallEvent = AnswerOf<typeof callEvent>;
export type CallEnd = AnswerOf<typeof callEnd>;
export type LiveCalls = AnswerOf<typeof liveCalls>;
