/** Schemas of answers about agents. */
import type { AnswerOf } from './types-of.ts';
import { nullableText, wholeNumber } from './fields.ts';
import { z } from './zod.ts';

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

export type Agent = AnswerOf<typeof agentDescription>;
export type AgentList = AnswerOf<typeof agentList>;
export type AgentRegistered = AnswerOf<typeof agentRegistered>;
