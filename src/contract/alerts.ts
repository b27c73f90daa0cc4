/** Schemas of requests and answers about alerts. */
import { alertConditionNames, alertConditions } from '../domain/alert.ts';
import { isoTime, nullableText } from './fields.ts';
import { id } from './ids.ts';
import type { AnswerOf, RequestOf } from './types-of.ts';
import { z } from './zod.ts';

const maxNote = 500;
const maxSilenceSeconds = 90 * 86_400;

export const alertCondition = z.enum(alertConditionNames).openapi('AlertCondition', {
  description: alertConditionNames.map((one) => `${one}: ${alertConditions[one].what}`).join('. '),
});

export const alert = z
  .object({
    id: z.string().openapi({ example: 'agent_unreachable-1k2x3c4-mb1x2y3z' }),
    condition: alertCondition,
    severity: z.enum(['critical', 'warning']),
    project: z.string(),
    subject: z.string().openapi({ description: 'What it is about; blank for the whole cluster' }),
    agent_name: nullableText,
    summary: z.string(),
    values: z.record(z.string(), z.number()).openapi({ description: 'As they were when it fired' }),
    state: z.enum(['active', 'resolved']),
    since: isoTime.openapi({ description: 'Since when the condition held when it fired' }),
    fired_at: isoTime,
    resolved_at: isoTime.nullable(),
    announced: z
      .boolean()
      .openapi({ description: 'Whether webhooks were told: of a silenced one they are not' }),
    silenced_until: isoTime.nullable().openapi({ description: 'Of an active alert that a silence is about' }),
    acknowledged: z.object({ at: isoTime, by: z.string(), note: z.string() }).nullable(),
    runbook: z.string().openapi({ description: 'Where the docs say what to do' }),
  })
  .openapi('Alert');

export const alertList = z
  .object({
    total: z.number().int(),
    active: z.number().int(),
    alerts: z.array(alert).openapi({ description: 'Active ones first, then the newest 200 that are over' }),
  })
  .openapi('AlertList');

export const acknowledgement = z
  .strictObject({
    note: z.string().max(maxNote).default('').openapi({ description: 'What you do about it' }),
  })
  .openapi('AlertAcknowledgement');

export const silenceRequest = z
  .strictObject({
    condition: alertCondition.optional().openapi({ description: 'Default: every condition' }),
    agent: id.optional().openapi({ description: 'Only alerts about this agent' }),
    subject: z.string().max(256).optional().openapi({ description: 'Only alerts about this subject' }),
    until: isoTime.optional().openapi({ description: 'When it ends: this, or for_seconds' }),
    for_seconds: z.number().int().min(1).max(maxSilenceSeconds).optional(),
    reason: z.string().max(maxNote).default(''),
  })
  .refine((body) => (body.until === undefined) !== (body.for_seconds === undefined), {
    path: ['until'],
    error: 'give either until or for_seconds',
  })
  .refine((body) => body.agent === undefined || body.subject === undefined, {
    path: ['agent'],
    error: 'give either agent or subject',
  })
  .openapi('SilenceRequest');

export const silence = z
  .object({
    id: z.string(),
    project: z.string(),
    condition: z.enum(alertConditionNames).nullable().openapi({ description: 'null: every condition' }),
    subject: nullableText,
    from: isoTime,
    until: isoTime,
    reason: z.string(),
    by: z.string(),
  })
  .openapi('Silence');

export const silenceList = z
  .object({ total: z.number().int(), silences: z.array(silence) })
  .openapi('SilenceList');

export type Alert = AnswerOf<typeof alert>;
export type AlertList = AnswerOf<typeof alertList>;
export type Silence = AnswerOf<typeof silence>;
export type SilenceList = AnswerOf<typeof silenceList>;
export type SilenceRequest = RequestOf<typeof silenceRequest>;
