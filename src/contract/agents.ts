/** Schemas of answers about agents. */
import type { AnswerOf } from './types-of.ts';
import { newCallsModes, type NewCalls } from '../domain/agent-pause.ts';
import { isoTime, nullableText, wholeNumber } from './fields.ts';
import { z } from './zod.ts';

export const newCalls = z.enum(Object.keys(newCallsModes) as [NewCalls, ...NewCalls[]]).openapi({
  description: Object.entries(newCallsModes)
    .map(([mode, what]) => `${mode}: ${what}`)
    .join('; '),
});

/** The pause of an agent. */
export const agentPause = z
  .object({
    since: isoTime,
    until: isoTime.nullable().openapi({ description: 'null: until it is resumed' }),
    reason: nullableText,
    new_calls: newCalls,
    by: nullableText.openapi({ description: 'The name of the person or the id of the API key, if known' }),
  })
  .openapi('AgentPause');

/** A registered agent. */
export const agentDescription = z
  .object({
    name: z.string(),
    project: nullableText.openapi({ description: 'The only project that may use it; null: all projects' }),
    host: z.string(),
    port: z.number().int(),
    protocol: z.enum(['http', 'https']),
    url: z.string(),
    path: z.string(),
    timeout_seconds: z.number(),
    max_retries: z.number().int(),
    max_concurrency: z.number().int().nullable(),
    fallback_agents: z.array(z.string()),
    fallback_of: z
      .array(z.string())
      .openapi({ description: 'The agents that fall back to it, sorted by name' }),
    history: z.enum(['window', 'none']),
    expect: z
      .object({
        min_length: z.number().int().nullable(),
        json_schema: z.record(z.string(), z.unknown()).nullable(),
        deny_regex: nullableText,
      })
      .nullable(),
    health_path: nullableText,
    has_auth_token: z.boolean(),
    auth_token_reference: nullableText.openapi({
      description: 'What the token refers to, if it is not kept itself: env:NAME or file:NAME',
    }),
    paused: agentPause.nullable().openapi({ description: 'null: the agent is in rotation' }),
  })
  .openapi('Agent');

export const agentList = z.object({ total: wholeNumber, agents: z.array(agentDescription) });

export const agentRegistered = z.object({
  status: z.literal('registered'),
  agent_name: z.string(),
  url: z.string(),
  replaced: z.boolean(),
  warnings: z.array(z.string()).openapi({
    description: 'Parts of the registration without effect, e.g. a fallback that is not registered',
  }),
});

export type AgentPause = AnswerOf<typeof agentPause>;
export type Agent = AnswerOf<typeof agentDescription>;
export type AgentList = AnswerOf<typeof agentList>;
export type AgentRegistered = AnswerOf<typeof agentRegistered>;
