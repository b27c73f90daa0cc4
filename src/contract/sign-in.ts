/** Schemas of signing in at the desk. */
import { isoTime } from './fields.ts';
import { scope } from './keys.ts';
import type { AnswerOf } from './types-of.ts';
import { z } from './zod.ts';

/** Bootstrap keys have no bound of their own; a header could not be longer. */
const maxKeyLength = 8_192;

/** The body of a sign-in. */
export const signInRequest = z
  .strictObject({ api_key: z.string().trim().min(1).max(maxKeyLength) })
  .openapi('SignInRequest');

/** Who sent a request, as the desk shows it. */
export const signIn = z
  .object({
    signed_in: z.boolean().openapi({ description: 'Also true at a node that needs no key' }),
    how: z.enum(['open', 'bootstrap', 'key', 'person']).nullable().openapi({
      description:
        'open: the node needs no key; bootstrap: with one of HOLDFAST_API_KEYS; key: with an API key of the cluster; person: with the OpenID Connect issuer; null: not signed in',
    }),
    name: z.string().nullable().openapi({ description: 'The name of the key or of the person' }),
    key_id: z.string().nullable(),
    subject: z.string().nullable().openapi({ description: "The issuer's id of the person" }),
    project: z
      .string()
      .nullable()
      .openapi({ description: 'The project of the key or of the groups of the person' }),
    scopes: z.array(scope),
    agents: z
      .array(z.string())
      .nullable()
      .openapi({ description: 'Patterns of the agents that the key may call; null: all agents' }),
    csrf_token: z.string().nullable().openapi({
      description:
        'To be sent as header Holdfast-CSRF-Token with each request by cookie that is not GET or HEAD; null if the request came without a valid cookie',
    }),
    expires_at: isoTime.nullable().openapi({ description: 'When the cookie ends' }),
    methods: z.array(z.enum(['key', 'oidc'])).openapi({ description: 'How one can sign in here' }),
  })
  .openapi('SignIn');

export type SignIn = AnswerOf<typeof signIn>;
