/** What requests may hold: validated by these, and documented from them. answer-schemas.ts has the answers. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { RerunOverrides } from '../services/reruns/reruns.ts';
import { leastSliceMs } from '../domain/deadline.ts';
import { errorTypes, type ErrorType } from '../domain/failures.ts';
import { jsonBytes, sizeAsJson } from '../domain/json-bytes.ts';
import type { Config } from '../platform/config.ts';
import { maxFieldErrors } from '../api/http/field-errors.ts';
import { noMemberName } from '../api/http/odd-members.ts';

extendZodWithOpenApi(z);

const maxIdLength = 128;
const maxMetadataDepth = 32;
const maxExpectDepth = 64;
const maxExpectBytes = 16 * 1024;

const printable = /^[^\p{Cc}\p{Cs}]*$/u;

/** Names and ids: any printable text, since clients of old sent any. */
export const id = z
  .string()
  .min(1)
  .max(maxIdLength)
  .regex(printable, 'no control characters')
  .refine((text) => text.trim() === text, 'no spaces at the ends')
  .openapi({ pattern: printable.source }); // By itself the generator would write the flags into it.

/**
 * The id of what a request creates. Clients drop `.` and `..` from a URL's path. An export has ids as member names, and
 * `__proto__` is none.
 */
export const newId = id
  .refine((text) => text !== '.' && text !== '..', "not '.' or '..', which no URL can hold")
  .refine((text) => text !== '__proto__', `not '__proto__', which is ${noMemberName}`);

const path = z
  .string()
  .max(1_024)
  .regex(/^\/[\x21-\x7e]*$/, 'a path that begins with / and is percent-encoded');

/** Of a query, where a number is text. `Number` alone would read an empty or blank one as 0. */
export const numberInQuery = <S extends z.ZodNumber>(number: S) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text),
    number,
  );

export const cursorQuery = {
  cursor: z.string().max(4_096).optional().openapi({ description: 'next_cursor of the page before' }),
  limit: numberInQuery(z.number('takes a whole number').int().min(1).max(200)).default(50),
};

/** Refused before anything that recurses, as JSON.stringify does, sees it. */
const noDeeperThan = (levels: number) =>
  [
    (value: unknown) => !deeperThan(value, levels),
    { error: `at most ${levels} levels`, abort: true },
  ] as const;

/** Refused before its schema, which takes seconds for millions of members. */
const noLargerThan = <S extends z.ZodType>(maxBytes: number, schema: S) =>
  z.preprocess((value, context) => {
    if (sizeAsJson(value) > maxBytes) context.addIssue(`at most ${maxBytes} bytes as JSON`);
    return value;
  }, schema);

const metadataRecord = z.record(z.string(), z.unknown()).refine(...noDeeperThan(maxMetadataDepth));

export function createSchemas({ limits }: Pick<Config, 'limits'>) {
  const metadata = noLargerThan(limits.maxMetadataBytes, metadataRecord);
  const call = z
    .strictObject({
      agent_name: id.openapi({ description: 'A registered agent' }),
      prompt: z
        .string()
        .min(1)
        .refine(
          (text) => jsonBytes(text) <= limits.maxPromptBytes,
          `at most ${limits.maxPromptBytes} bytes as JSON in UTF-8`,
        ),
      session_id: newId.nullish().openapi({ description: 'Continues this session, or begins it' }),
      user_id: id.nullish(),
      metadata: metadata.nullish().openapi({ description: "Merged into the session's metadata" }),
      on_disconnect: z.enum(['finish', 'cancel']).default('finish').openapi({
        description: 'What becomes of the call when the last client that waits for it at this node goes away',
      }),
      deadline_seconds: z
        .number()
        .min(leastSliceMs / 1_000, `at least ${leastSliceMs / 1_000}: in less no agent can be asked`)
        .max(limits.maxDeadlineMs / 1_000)
        .nullish()
        .openapi({
          description: `Default ${limits.deadlineMs / 1_000}; waiting for the session's turn included`,
        }),
    })
    .openapi('CallRequest');
  const overrides = z
    .strictObject({
      agent_name: id.nullish().openapi({ description: 'Asked instead of the agent of the call' }),
      fallback_agents: z
        .array(id)
        .max(limits.maxChain - 1)
        .nullish()
        .openapi({
          description: 'Exactly these after the agent, in this order, instead of its own fallbacks',
        }),
      prompt: call.shape.prompt.nullish(),
      deadline_seconds: call.shape.deadline_seconds,
      from: z.enum(['start', 'failed_agent']).nullish().openapi({
        description:
          'failed_agent: begins at the agent whose failure ended the call, without those before it',
      }),
    })
    .openapi('RerunOverrides');
  return { call, metadata, overrides };
}

export const registration = z
  .strictObject({
    name: newId,
    host: z.string().min(1).max(255).openapi({
      description: 'Host name or IP address; link-local and cloud metadata addresses are refused',
    }),
    port: z.number().int().min(1).max(65_535),
    protocol: z.enum(['http', 'https']).default('http'),
    auth_token: z
      .string()
      .min(1)
      .max(4_096)
      .regex(/^[\x21-\x7e]+$/, 'printable ASCII without spaces')
      .nullish()
      .openapi({ description: 'Sent as a Bearer token; sealed at rest, never shown again' }),
    keep_auth_token: z.boolean().default(false).openapi({
      description:
        'Keeps the token of the config that this replaces: for the same host, and not from https to http',
    }),
    timeout_seconds: z.number().positive().max(3_600).default(30),
    max_retries: z.number().int().min(0).max(10).default(3),
    max_concurrency: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .nullish()
      .openapi({ description: 'Calls of this agent that one node takes at a time; beyond: 429' }),
    fallback_agents: z.array(id).max(20).default([]),
    path: path.default('/v1/messages'),
    history: z
      .enum(['window', 'none'])
      .default('window')
      .openapi({ description: "none: the prompt alone, without the session's recent messages" }),
    expect: noLargerThan(
      maxExpectBytes,
      z
        .strictObject({
          min_length: z.number().int().min(1).max(1_000_000).nullish(),
          json_schema: z
            .record(z.string(), z.unknown())
            .nullish()
            .openapi({ description: 'The answer must be JSON that this JSON Schema (draft-07) takes' }),
          deny_regex: z
            .string()
            .min(1)
            .max(1_000)
            .nullish()
            .openapi({ description: 'RE2 syntax; an answer in which it is found is refused' }),
        })
        .refine(...noDeeperThan(maxExpectDepth)),
    )
      .nullish()
      .openapi({ description: 'An answer that is not like this is invalid_response and falls back' }),
    health_path: path.nullish().openapi({ description: 'A free GET to probe now and then' }),
  })
  .openapi('AgentRegistration');

/** Iterative: a hostile body may be nested deeper than the stack. */
function deeperThan(value: unknown, levels: number): boolean {
  let layer: unknown[] = [value];
  for (let depth = 0; layer.length > 0; depth++) {
    if (depth > levels) return true;
    layer = layer.flatMap((one): unknown[] =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
  }
  return false;
}

export const callStatus = z.enum(['running', 'completed', 'failed', 'cancelled']).openapi('CallStatus');

type Overrides = z.output<ReturnType<typeof createSchemas>['overrides']>;

export function overridesOf(wire: Overrides | null | undefined): RerunOverrides & { prompt?: string } {
  const { agent_name, fallback_agents, prompt, deadline_seconds, from } = wire ?? {};
  return {
    ...(agent_name && { agentName: agent_name }),
    ...(fallback_agents && { fallbackAgents: fallback_agents }),
    ...(prompt && { prompt }),
    ...(deadline_seconds && { deadlineMs: Math.round(deadline_seconds * 1_000) }),
    ...(from && { from }),
  };
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

export function createBatchSchema(overrides: ReturnType<typeof createSchemas>['overrides']) {
  return z
    .strictObject({
      /** Which calls it runs again. */
      filter: callFilter.extend({ status: z.enum(['failed', 'cancelled']).default('failed') }),
      overrides: overrides.nullish(),
      rate_per_second: z.number().min(0.01).max(100).default(2),
      max_in_flight: z.number().int().min(1).max(200).default(8),
      dry_run: z.boolean().default(false),
    })
    .openapi('RerunBatchRequest');
}

/** As z.array(), but only the first wrong elements are told: of millions, all would take more memory than there is. */
function listOf<S extends z.ZodType>(element: S) {
  return z.array(z.unknown()).transform((list, context) => {
    const taken: z.output<S>[] = [];
    for (const [index, one] of list.entries()) {
      const parsed = element.safeParse(one);
      if (parsed.success) taken.push(parsed.data);
      else
        for (const issue of parsed.error.issues)
          context.issues.push({ ...issue, path: [index, ...issue.path] } as z.core.$ZodRawIssue);
      if (context.issues.length >= maxFieldErrors) break;
    }
    return taken;
  });
}

/** More lenient than what we write: files of other gateways are imported too. */
export const importedSession = z.strictObject({
  session_id: id.optional(),
  user_id: id.nullish(),
  created_at: z.iso.datetime({ offset: true }),
  last_activity: z.iso.datetime({ offset: true }),
  messages: listOf(
    z.strictObject({
      timestamp: z.iso.datetime({ offset: true }),
      role: z.enum(['user', 'assistant', 'system']),
      content: z.string(),
      agent: id.nullish(),
      call_id: id.nullish(),
      failed: z.boolean().optional(),
      lost: z.boolean().optional(),
    }),
  ),
  metadata: metadataRecord.default({}),
});
