/** Schemas of requests about calls. */
import { leastSliceMs } from '../domain/deadline.ts';
import { errorTypes, type ErrorType } from '../domain/failures.ts';
import { jsonBytes } from '../domain/json-bytes.ts';
import { metadataRecord, noLargerThan } from './bounds.ts';
import { callStatus } from './calls.ts';
import { id, newId } from './ids.ts';
import { cursorQuery, numberInQuery } from './query.ts';
import type { RequestOf } from './types-of.ts';
import { receiverUrl } from './webhooks.ts';
import { z } from './zod.ts';

/** The node's limits that requests are checked against, from its settings. */
export interface RequestLimits {
  readonly maxPromptBytes: number;
  readonly maxMetadataBytes: number;
  /** The deadline of a call that does not set one. */
  readonly deadlineMs: number;
  readonly maxDeadlineMs: number;
  /** The most agents that a chain may have. */
  readonly maxChain: number;
}

/** The fields of a call that a rerun may override. */
export function promptAndDeadline(limits: RequestLimits) {
  const prompt = z
    .string()
    .min(1)
    .refine(
      (text) => jsonBytes(text) <= limits.maxPromptBytes,
      `at most ${limits.maxPromptBytes} bytes as JSON in UTF-8`,
    );
  const deadline_seconds = z
    .number()
    .min(leastSliceMs / 1_000, `at least ${leastSliceMs / 1_000}: no agent can be asked in less time`)
    .max(limits.maxDeadlineMs / 1_000)
    .nullish()
    .openapi({
      description: `Default ${limits.deadlineMs / 1_000}; waiting for the session's turn included`,
    });
  return { prompt, deadline_seconds };
}

/**
 * The body of a new call. Its parsed form, defaults included, is the fingerprint that a repeated key must match: a new field must
 * be optional and without default, or keys from before an upgrade no longer match.
 */
export function callRequest(limits: RequestLimits) {
  const { prompt, deadline_seconds } = promptAndDeadline(limits);
  return z
    .strictObject({
      agent_name: id.openapi({ description: 'A registered agent' }),
      prompt,
      session_id: newId
        .nullish()
        .openapi({ description: 'The session that the call belongs to; created if it does not exist' }),
      user_id: id.nullish(),
      metadata: noLargerThan(limits.maxMetadataBytes, metadataRecord)
        .nullish()
        .openapi({ description: "Merged into the session's metadata" }),
      on_disconnect: z.enum(['finish', 'cancel']).default('finish').openapi({
        description:
          'What happens to the call when the last client that waits for it at this node disconnects',
      }),
      deadline_seconds,
      callback_url: receiverUrl.nullish().openapi({
        description: 'Gets the signed event of how the call ends, with its content: see docs/webhooks.md',
      }),
      when_busy: z.enum(['queue', 'reject', 'interrupt']).nullish().openapi({
        description:
          'What happens if other calls have the turn of the session or wait for it. queue (default): the call waits behind them; reject: it is refused; interrupt: they are cancelled. Only with session_id',
      }),
    })
    .refine(({ session_id, when_busy }) => when_busy == null || session_id != null, {
      path: ['when_busy'],
      message: 'only with session_id',
    })
    .openapi('CallRequest');
}

const callFilterFields = {
  status: callStatus.optional(),
  error_type: z
    .enum(errorTypes as [ErrorType, ...ErrorType[]])
    .optional()
    .openapi({ description: 'The type of the failure' }),
  agent: id.optional().openapi({ description: 'The agent that was asked for' }),
  answered_by: id.optional().openapi({ description: 'The agent that answered' }),
  session: id.optional(),
  user: id.optional(),
  since: z.iso
    .datetime({ offset: true })
    .optional()
    .openapi({ description: 'Started at this time or later' }),
  until: z.iso.datetime({ offset: true }).optional().openapi({ description: 'Started before this time' }),
  text: id.optional().openapi({ description: 'Prefix of the call id' }),
  rerun_of: id.optional().openapi({ description: 'The call of which it is a rerun' }),
};
/** Selects calls. Lists take these fields as query parameters, bodies as `filter`. */
export const callFilter = z.strictObject(callFilterFields);

const yesOrNo = z.enum(['true', 'false']).optional();
const maxMembers = 5;

/** What else selects calls in lists and counts: what Temporal's list filter cannot say. */
const callSearchFields = {
  ...callFilterFields,
  asked: id.optional().openapi({
    description:
      'An agent that the call asked, as its first or as a fallback. Of running calls: the one named',
  }),
  failed_over: yesOrNo.openapi({
    description: 'true: another agent answered than the one named; false: any other ended call',
  }),
  resolved: yesOrNo.openapi({
    description: 'true: a failed call of which a rerun, or a rerun of that, was answered; false: one without',
  }),
  metadata: z
    .record(z.string().min(1).max(200), z.string().max(500))
    .refine((members) => Object.keys(members).length <= maxMembers, `at most ${maxMembers} members`)
    .optional()
    .openapi({
      type: 'object',
      description:
        "A parameter `metadata.<name>=<value>` for each member: the call's own metadata has it, with this text or a value that is written so",
    }),
  prompt_contains: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .openapi({ description: 'Text in the prompt, in upper or lower case' }),
};
/** Selects calls that are counted. */
export const callCountsQuery = z.strictObject(callSearchFields);

const listed = {
  ...callSearchFields,
  sort: z.enum(['started', 'ended', 'duration']).optional().openapi({
    description:
      'ended and duration leave running calls out. Default: running calls first, then the newest end; with a filter that Temporal does not have: started',
  }),
  order: z.enum(['desc', 'asc']).default('desc').openapi({ description: 'Only with sort' }),
  include: z
    .enum(['prompt'])
    .optional()
    .openapi({ description: 'prompt: each call has its `prompt_preview`' }),
};
export const callListQuery = z.strictObject({ ...listed, ...cursorQuery });
/** The list that is followed live. */
export const callLiveQuery = z.strictObject({ ...listed, limit: cursorQuery.limit });

/** How many rows a file of calls has at most, and if the query does not say so. */
const maxCsvRows = 100_000;
const csvRows = `takes a whole number from 1 to ${maxCsvRows}`;
export const callCsvQuery = z.strictObject({
  ...listed,
  limit: numberInQuery(z.number(csvRows).int(csvRows).min(1, csvRows).max(maxCsvRows, csvRows))
    .default(10_000)
    .openapi({ description: 'How many calls it has at most' }),
});

export const callExportQuery = z.strictObject({
  ...callFilterFields,
  format: z.enum(['ndjson', 'tar.gz']).default('ndjson').openapi({
    description:
      'ndjson: one line {call_id, asked, answered_by, history} per call; tar.gz: one file `<call id>.json` per call',
  }),
  archive: z
    .enum(['true', 'false'])
    .default('false')
    .openapi({ description: 'true: reads the archive of failed calls, not Temporal' }),
});

export type CallRequest = RequestOf<ReturnType<typeof callRequest>>;
export type CallFilter = RequestOf<typeof callFilter>;
export type CallListQuery = RequestOf<typeof callListQuery>;
