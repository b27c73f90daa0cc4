/** Schemas of requests and answers about API keys. */
import { scopes, scopeTable } from '../domain/api-key.ts';
import { shortListOf } from './bounds.ts';
import { isoTime } from './fields.ts';
import { id } from './ids.ts';
import { limits, limitsRequest } from './limits.ts';
import { newProjectName } from './projects.ts';
import type { AnswerOf, RequestOf } from './types-of.ts';
import { z } from './zod.ts';

const daySeconds = 86_400;
const maxPatterns = 100;

export const scope = z.enum(scopes).openapi('Scope', {
  description: scopes.map((one) => `${one}: ${scopeTable[one]}`).join('. '),
});

/** The body of a new key. */
export const keyRequest = z
  .strictObject({
    name: id
      .refine((text) => !/hf_\w{40}/.test(text), 'not an API key itself: names are shown in lists')
      .openapi({ description: 'What the key is for; need not be unique' }),
    project: newProjectName
      .nullish()
      .openapi({ description: 'What the key sees and makes belongs to this project. Default: `default`' }),
    scopes: shortListOf(scopes.length, scope).openapi({ description: 'What the key may do' }),
    agents: shortListOf(maxPatterns, id).nullish().openapi({
      description:
        'Names of the agents that the key may call, in which `*` stands for any characters. Default: all agents. The fallbacks of an agent come with it',
    }),
    limits: limitsRequest.nullish(),
    expires_in_seconds: z
      .number()
      .int()
      .min(1)
      .max(3_650 * daySeconds)
      .nullish()
      .openapi({ description: 'Default: the key is valid until it is revoked' }),
  })
  .refine(
    ({ scopes: given, agents }) => agents == null || given.some((one) => one === 'call' || one === 'operate'),
    {
      path: ['agents'],
      message:
        "only with the scope call or operate: 'read' shows the calls of all agents, and 'admin' may do everything",
    },
  )
  .openapi('KeyRequest');

export const keyRotation = z
  .strictObject({
    overlap_seconds: z
      .number()
      .int()
      .min(0)
      .max(90 * daySeconds)
      .default(daySeconds)
      .openapi({ description: 'How long the secret before stays valid' }),
  })
  .openapi('KeyRotation');

/** The body of a change of a key. */
export const keyChange = z.strictObject({ limits: limitsRequest }).openapi('KeyChange');

export const key = z
  .object({
    id: z.string().openapi({ description: "Part of the key's text; not secret" }),
    name: z.string(),
    project: z.string(),
    status: z.enum(['valid', 'expired', 'revoked', 'project_closed']),
    scopes: z.array(scope),
    agents: z.array(z.string()).nullable().openapi({ description: 'null: all agents' }),
    limits,
    last_used_at: isoTime.nullable().openapi({ description: 'To the minute' }),
    created_at: isoTime,
    expires_at: isoTime.nullable(),
    revoked_at: isoTime.nullable(),
    earlier_secret_until: isoTime.nullable().openapi({
      description: 'Until when the secret before the last rotation is valid; null if it is not',
    }),
  })
  .openapi('Key');

export const shownKey = z
  .object({ ...key.shape, key: z.string().openapi({ description: 'The key itself. It is shown only here' }) })
  .openapi('ShownKey');

export const keyList = z.object({ total: z.number().int(), keys: z.array(key) });

export type KeyRequest = RequestOf<typeof keyRequest>;
export type Key = AnswerOf<typeof key>;
export type ShownKey = AnswerOf<typeof shownKey>;
export type KeyList = AnswerOf<typeof keyList>;
