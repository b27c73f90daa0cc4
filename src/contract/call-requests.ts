/** What requests about calls may hold. */
import { leastSliceMs } from '../domain/deadline.ts';
import { errorTypes, type ErrorType } from '../domain/failures.ts';
import { jsonBytes } from '../domain/json-bytes.ts';
import { metadataRecord, noLargerThan } from './bounds.ts';
import { callStatus } from './calls.ts';
import { id, newId } from './ids.ts';
import { cursorQuery } from './query.ts';
import type { RequestOf } from './types-of.ts';
import { z } from './zod.ts';

/** The limits of a node that its requests are checked against. */
export interface RequestLimits {
  readonly maxPromptBytes: number;
  readonly maxMetadataBytes: number;
  /** Of a call that asks for none. */
  readonly deadlineMs: number;
  readonly maxDeadlineMs: number;
  /** Agents of a chain. */
  readonly maxChain: number;
}

/** Fields of a call that a rerun may have anew. */
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
    .min(leastSliceMs / 1_000, `at least ${leastSliceMs / 1_000}: in less no agent can be asked`)
    .max(limits.maxDeadlineMs / 1_000)
    .nullish()
    .openapi({
      description: `Default ${limits.deadlineMs / 1_000}; waiting for the session's turn included`,
    });
  return { prompt, deadline_seconds };
}

export function callRequest(limits: RequestLimits) {
  const { prompt, deadline_seconds } = promptAndDeadline(limits);
  return z
    .strictObject({
      agent_name: id.openapi({ description: 'A registered agent' }),
      prompt,
      session_id: newId.nullish().openapi({ description: 'Continues this session, or begins it' }),
      user_id: id.nullish(),
      metadata: noLargerThan(limits.maxMetadataBytes, metadataRecord)
        .nullish()
        .openapi({ description: "Merged into the session's metadata" }),
      on_disconnect: z.enum(['finish', 'cancel']).default('finish').openapi({
        description: 'What becomes of the call when the last client that waits for it at this node goes away',
      }),
      deadline_seconds,
    })
    .openapi('CallRequest');
}

const callFilterFields = {
  status: callStatus.optional(),
  error_type: z
    .enum(errorTypes as [ErrorType, ...ErrorType[]])
    .optional()
    .openapi({ description: 'How it failed' }),
  agent: id.optional().openapi({ description: 'The agent that was asked for' }),
  answered_by: id.optional().openapi({ description: 'The agent that answered' }),
  session: id.optional(),
  user: id.optional(),
  since: z.iso.datetime({ offset: true }).optional().openapi({ description: 'Started then or later' }),
  until: z.iso.datetime({ offset: true }).optional().openapi({ description: 'Started before' }),
  text: id.optional().openapi({ description: 'What the call id begins with' }),
  rerun_of: id.optional().openapi({ description: 'The call that it runs again' }),
};
/** Which calls are meant: query parameters of lists, `filter` in bodies. */
export const callFilter = z.strictObject(callFilterFields);
export const callListQuery = z.strictObject({ ...callFilterFields, ...cursorQuery });

export const callExportQuery = z.strictObject({
  ...callFilterFields,
  format: z.enum(['ndjson', 'tar.gz']).default('ndjson').openapi({
    description:
      'A line {call_id, asked, answered_by, history} per call, or a file `<call id>.json` per call',
  }),
  archive: z
    .enum(['true', 'false'])
    .default('false')
    .openapi({ description: 'true: from the archive of failed calls, not from Temporal' }),
});

export type CallRequest = RequestOf<ReturnType<typeof callRequest>>;
export type CallFilter = RequestOf<typeof callFilter>;
