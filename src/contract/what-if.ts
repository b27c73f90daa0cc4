/** Schemas of answers about what-if: how today's routing would handle recorded calls. */
import type { AnswerOf } from './types-of.ts';
import { askedAndAnswered } from './calls.ts';
import { errorType } from './fields.ts';
import { z } from './zod.ts';

const names = z.array(z.string());

export const whatIfRow = z
  .object({
    call_id: z.string(),
    agent_name: z.string().openapi({ description: 'Same as asked' }),
    ...askedAndAnswered,
    error_type: errorType.nullable(),
    before: z.object({
      chain: names,
      attempts: z.array(
        z.object({
          agent: z.string(),
          status: z.enum(['ok', 'failed', 'skipped']),
          error_type: errorType.nullable(),
        }),
      ),
    }),
    after: z.object({
      chain: names.openapi({ description: 'In the order in which a call that starts now would ask them' }),
      unregistered: names,
      next_agent: z
        .string()
        .nullable()
        .openapi({ description: 'The first agent whose outcome is not recorded' }),
      reason: z.string(),
      steps: z.array(
        z.object({
          agent: z.string(),
          outcome: z.enum(['as_recorded', 'would_be_asked', 'not_reached', 'skipped']),
          error_type: errorType.nullable(),
        }),
      ),
    }),
    changed: z.boolean().openapi({
      description: 'Whether other agents would be asked than the call asked, or in another order',
    }),
  })
  .openapi('WhatIf');

export const whatIfList = z.object({ calls: z.array(whatIfRow) });

export type WhatIf = AnswerOf<typeof whatIfRow>;
export type WhatIfList = AnswerOf<typeof whatIfList>;
