/** What answers about nodes hold. */
import type { AnswerOf } from './types-of.ts';
import { isoTime, nullableText } from './fields.ts';
import { z } from './zod.ts';

const runningNode = z
  .object({
    id: z.string().openapi({ description: 'Of the process; another at its next start' }),
    role: z.enum(['facade', 'worker', 'facade_and_worker']),
    version: z.string(),
    build_id: nullableText,
    address: nullableText.openapi({ description: 'null while it starts, and of a worker without a port' }),
    host: z.string(),
    pid: z.number().int(),
    started_at: isoTime,
    seen_at: isoTime,
    lease_until: isoTime.openapi({ description: 'Until then it counts as running, if it was killed' }),
    key_fingerprint: z.string().openapi({ description: 'Of the encryption key' }),
    store_id: nullableText.openapi({ description: 'Of the payload store; null while that is away' }),
    generation: z.number().int().openapi({ description: 'Nodes of the same one can work side by side' }),
    differs_in: z.array(z.string()).openapi({
      description:
        'From the node that answers: encryption_key, payload_store, generation, names of settings; settings or facade_settings where there are too many to name',
    }),
    answers: z.boolean().openapi({ description: 'Whether it is the node that answers' }),
  })
  .openapi('Node');

export const nodeList = z.object({ total: z.number().int(), nodes: z.array(runningNode) }).openapi('Nodes');

export type RunningNode = AnswerOf<typeof runningNode>;
export type NodeList = AnswerOf<typeof nodeList>;
