/** Schemas of answers about nodes. */
import type { AnswerOf } from './types-of.ts';
import { isoTime, nullableText } from './fields.ts';
import { z } from './zod.ts';

const runningNode = z
  .object({
    id: z.string().openapi({ description: 'Id of the process; a restarted node has a new one' }),
    role: z.enum(['facade', 'worker', 'facade_and_worker']),
    version: z.string(),
    build_id: nullableText,
    address: nullableText.openapi({
      description: 'null while the node starts, and for a worker without a port',
    }),
    host: z.string(),
    pid: z.number().int(),
    started_at: isoTime,
    seen_at: isoTime,
    lease_until: isoTime.openapi({ description: 'If the node is killed, it counts as running until then' }),
    key_fingerprint: z.string().openapi({ description: 'Fingerprint of the encryption key' }),
    store_id: nullableText.openapi({
      description: 'Id of the payload store; null while that cannot be reached',
    }),
    generation: z
      .number()
      .int()
      .openapi({ description: 'Nodes of the same generation can run side by side' }),
    differs_in: z.array(z.string()).openapi({
      description:
        'What differs from the node that answers: encryption_key, payload_store, generation or names of settings; settings or facade_settings if there are too many to name',
    }),
    answers: z.boolean().openapi({ description: 'Whether this is the node that answers' }),
  })
  .openapi('Node');

export const nodeList = z.object({ total: z.number().int(), nodes: z.array(runningNode) }).openapi('Nodes');

export type RunningNode = AnswerOf<typeof runningNode>;
export type NodeList = AnswerOf<typeof nodeList>;
