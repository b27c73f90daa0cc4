/** Schemas of requests about agents. */
import { maxReasonLength } from '../domain/agent-pause.ts';
import { looksLikeReference, parseReference, referenceTakes } from '../domain/secret-reference.ts';
import { newCalls } from './agents.ts';
import { noDeeperThan, noLargerThan } from './bounds.ts';
import { id, newId } from './ids.ts';
import { newProjectName } from './projects.ts';
import type { RequestOf } from './types-of.ts';
import { z } from './zod.ts';

/** Limits of `expect`, which holds a JSON Schema of the caller. */
const maxExpectDepth = 64;
const maxExpectBytes = 16 * 1024;

const path = z
  .string()
  .max(1_024)
  .regex(/^\/[\x21-\x7e]*$/, 'a path that begins with / and is percent-encoded');

/** The body of a registration. */
export const registration = z
  .strictObject({
    name: newId,
    project: newProjectName
      .nullish()
      .openapi({ description: 'The only project that may use the agent. Default: all projects share it' }),
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
      .refine((text) => !looksLikeReference(text) || parseReference(text) !== undefined, referenceTakes)
      .nullish()
      .openapi({
        description:
          'Sent as a Bearer token; sealed at rest, never shown again. Or a reference, `env:HOLDFAST_SECRET_…` or `file:…`, which each process that asks the agent resolves by itself',
      }),
    keep_auth_token: z.boolean().default(false).openapi({
      description:
        'Keeps the token of the registration that this one replaces. Only for the same host, and not from https to http',
    }),
    timeout_seconds: z.number().positive().max(3_600).default(30),
    max_retries: z.number().int().min(0).max(10).default(3),
    max_concurrency: z.number().int().min(1).max(100_000).nullish().openapi({
      description: 'Most calls of this agent that one node accepts at a time; further ones get 429',
    }),
    fallback_agents: z.array(id).max(20).default([]),
    path: path.default('/v1/messages'),
    history: z.enum(['window', 'none']).default('window').openapi({
      description: "none: the agent gets the prompt alone, without the session's recent messages",
    }),
    expect: noLargerThan(
      maxExpectBytes,
      z
        .strictObject({
          min_length: z.number().int().min(1).max(1_000_000).nullish(),
          json_schema: z.record(z.string(), z.unknown()).nullish().openapi({
            description: 'The answer must be JSON that is valid against this JSON Schema (draft-07)',
          }),
          deny_regex: z
            .string()
            .min(1)
            .max(1_000)
            .nullish()
            .openapi({ description: 'RE2 syntax; an answer with a match is refused' }),
        })
        .refine(...noDeeperThan(maxExpectDepth)),
    )
      .nullish()
      .openapi({ description: 'Any other answer fails with invalid_response, and the call falls back' }),
    health_path: path
      .nullish()
      .openapi({ description: 'Path of a GET that costs nothing, for regular probes' }),
  })
  .openapi('AgentRegistration');

/** The body of a pause. */
export const pauseRequest = z
  .strictObject({
    reason: z.string().trim().min(1).max(maxReasonLength).nullish(),
    until: z.iso.datetime({ offset: true }).nullish().openapi({
      description: 'When the agent counts as resumed; in the future. Default: when it is resumed',
    }),
    new_calls: newCalls.default('fall_back'),
  })
  .openapi('AgentPauseRequest');

export type AgentPauseRequest = RequestOf<typeof pauseRequest>;
export type AgentRegistration = RequestOf<typeof registration>;
