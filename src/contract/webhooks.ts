/** Schemas of requests and answers about webhooks. */
import { deliveryOutcomes, httpFormats, webhookEvents, webhookEventTypes } from '../domain/webhook.ts';
import { noLargerThan, shortListOf } from './bounds.ts';
import { isoTime } from './fields.ts';
import { id } from './ids.ts';
import type { AnswerOf, RequestOf } from './types-of.ts';
import { z } from './zod.ts';

const daySeconds = 86_400;
const maxPatterns = 100;
const maxUrlLength = 2_048;
const maxFilterBytes = 4_096;

export const webhookEventType = z.enum(webhookEventTypes).openapi('WebhookEventType', {
  description: webhookEventTypes.map((one) => `${one}: ${webhookEvents[one]}`).join('. '),
});

export const receiverUrl = z.string().min(1).max(maxUrlLength).openapi({
  example: 'https://crm.example.com/holdfast',
  description: 'An http or https URL without credentials',
});

const webhookUrl = z.string().min(1).max(maxUrlLength).openapi({
  example: 'https://crm.example.com/holdfast',
  description:
    'An http or https URL without credentials, or the addresses of mails: mailto:oncall@example.com,second@example.com',
});

const formatWords = Object.entries(httpFormats).map(([name, words]) => `${name}: ${words}`);
const httpFormat = z.enum(['standard', 'slack']).openapi('WebhookHttpFormat', {
  description: `How events are written. ${formatWords.join('. ')}`,
});

const fields = {
  name: id.openapi({ description: 'What the webhook is for; need not be unique' }),
  url: webhookUrl,
  format: httpFormat.nullish().openapi({
    description: 'Default: standard. With a mailto URL events are mails, and slack is refused',
  }),
  events: shortListOf(webhookEventTypes.length, webhookEventType).openapi({
    description: 'Which events it gets',
  }),
  agents: shortListOf(maxPatterns, id).nullish().openapi({
    description:
      'Only events about these agents (the one that the caller named): names, in which `*` stands for any characters. Default: all agents',
  }),
  session_prefix: id.nullish().openapi({ description: 'Only calls in sessions whose id begins so' }),
  user_id: id.nullish().openapi({ description: 'Only calls of this user' }),
  metadata: noLargerThan(maxFilterBytes, z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])))
    .nullish()
    .openapi({ description: 'Only calls whose metadata has these members at its top level' }),
  ordered: z.boolean().nullish().openapi({
    description:
      'Send the events of one session in the order in which its calls ended. They then come about a minute later. Default: false',
  }),
  include_content: z.boolean().nullish().openapi({
    description: 'Send prompt, answer and error text of calls with their events. Default: false',
  }),
};

export const webhookRequest = z.strictObject(fields).openapi('WebhookRequest');

/** The body of a change of a webhook. What is absent stays as it is; null takes a filter away. */
export const webhookChange = z
  .strictObject({
    ...fields,
    name: fields.name.optional(),
    url: fields.url.optional(),
    events: fields.events.optional(),
    enabled: z.boolean().optional().openapi({
      description: 'false: send nothing. What happens meanwhile is sent once it is switched on again',
    }),
  })
  .openapi('WebhookChange');

export const webhookRotation = z
  .strictObject({
    overlap_seconds: z
      .number()
      .int()
      .min(0)
      .max(90 * daySeconds)
      .default(daySeconds)
      .openapi({ description: 'How long what is sent is signed with the secret before as well' }),
  })
  .openapi('WebhookRotation');

const lastTry = z.object({
  at: isoTime,
  status: z.number().int().nullable().openapi({
    description: 'The HTTP status, or the reply code of the mail server; null if none came',
  }),
  error: z.string().nullable(),
});

export const webhook = z
  .object({
    id: z.string(),
    name: z.string(),
    project: z.string(),
    url: z.string().openapi({ description: 'Without its path and query, which may be secret' }),
    format: z.enum(['standard', 'slack', 'mail']),
    events: z.array(webhookEventType),
    agents: z.array(z.string()).nullable(),
    session_prefix: z.string().nullable(),
    user_id: z.string().nullable(),
    metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable(),
    ordered: z.boolean(),
    include_content: z.boolean(),
    status: z.enum(['active', 'failing', 'disabled', 'gone']).openapi({
      description:
        'failing: the last try failed. disabled: switched off. gone: switched off because the receiver answered 410',
    }),
    created_at: isoTime,
    disabled_at: isoTime.nullable(),
    earlier_secret_until: isoTime.nullable(),
    delivered: z.number().int().openapi({ description: 'How many events were delivered' }),
    waiting: z.number().int().openapi({
      description: 'How many events wait for their next try. More may be in the log of endings, see backlog',
    }),
    backlog: z
      .boolean()
      .openapi({ description: 'Whether further events are held back until one that waits is delivered' }),
    parked: z
      .number()
      .int()
      .openapi({ description: 'How many events were given up, and not sent again since' }),
    failing_since: isoTime.nullable(),
    last_try: lastTry.nullable(),
  })
  .openapi('Webhook');

export const shownWebhook = z
  .object({
    ...webhook.shape,
    secret: z.string().openapi({ description: 'What signs the events. It is shown only here' }),
  })
  .openapi('ShownWebhook');

export const webhookList = z.object({ total: z.number().int(), webhooks: z.array(webhook) });

export const testDelivery = z
  .object({
    delivered: z.boolean(),
    status: z.number().int().nullable(),
    error: z.string().nullable(),
    ms: z.number(),
  })
  .openapi('TestDelivery');

export const deliveryOutcome = z.enum(deliveryOutcomes).openapi('DeliveryOutcome', {
  description:
    'failed: this try failed, others follow. parked: no more tries, unless it is redelivered. dropped: the call was deleted before',
});

export const delivery = z
  .object({
    event_id: z
      .string()
      .openapi({ description: 'The header webhook-id: the same whenever the event is sent' }),
    type: webhookEventType,
    about: z.string().openapi({ description: 'The id of the call or batch, or the name of the agent' }),
    happened_at: isoTime,
    at: isoTime,
    outcome: deliveryOutcome,
    tries: z.number().int(),
    status: z.number().int().nullable(),
    error: z.string().nullable(),
    ms: z.number().nullable(),
  })
  .openapi('Delivery');

export const deliveryPage = z.object({
  deliveries: z.array(delivery),
  next_before: isoTime
    .nullable()
    .openapi({ description: 'Give it as `before` to get the page after this one' }),
});

export const redeliveryRequest = z
  .strictObject({
    from: z.iso.datetime({ offset: true }),
    to: z.iso.datetime({ offset: true }),
    only: z.enum(['all', 'parked']).default('parked').openapi({
      description: 'all: every event of the webhook that happened then, also those that were delivered',
    }),
  })
  .refine(({ from, to }) => Date.parse(from) <= Date.parse(to), { path: ['to'], message: 'is before from' })
  .openapi('RedeliveryRequest');

export const redeliveryAccepted = z.object({ webhook_id: z.string(), status: z.literal('accepted') });

export const callbackAccepted = z.object({ call_id: z.string(), status: z.literal('accepted') });

export const callbackSecret = z
  .object({
    secret: z.string().openapi({ description: 'What signs the events that are sent to a callback_url' }),
  })
  .openapi('CallbackSecret');

export type WebhookRequest = RequestOf<typeof webhookRequest>;
export type WebhookChange = RequestOf<typeof webhookChange>;
export type Webhook = AnswerOf<typeof webhook>;
export type ShownWebhook = AnswerOf<typeof shownWebhook>;
export type WebhookList = AnswerOf<typeof webhookList>;
export type TestDelivery = AnswerOf<typeof testDelivery>;
export type Delivery = AnswerOf<typeof delivery>;
export type DeliveryPage = AnswerOf<typeof deliveryPage>;
export type RedeliveryRequest = RequestOf<typeof redeliveryRequest>;
export type CallbackSecret = AnswerOf<typeof callbackSecret>;
