/** Schemas of requests and answers about figures. */
import { steps } from '../domain/figures-step.ts';
import { errorType, isoTime, wholeNumber } from './fields.ts';
import { id } from './ids.ts';
import type { AnswerOf } from './types-of.ts';
import { z } from './zod.ts';

/** The most intervals in one answer: a day by minute, 10 days by ten minutes, 62 days by hour. */
export const maxFigureIntervals = 1_500;
/** The most damaged files that one answer names. */
export const maxDamagedFiles = 20;

const time = z.iso.datetime({ offset: true, error: 'takes a time as 2026-11-30T08:00:00Z' }).optional();

export const figuresQuery = z.strictObject({
  from: time.openapi({ description: 'Default: 24 h before `to`' }),
  to: time.openapi({ description: 'Default: now. The range is extended to whole intervals, in UTC' }),
  step: z
    .enum(steps)
    .optional()
    .openapi({
      description: `Length of the intervals, of which one answer has at most ${maxFigureIntervals}. Default: minute up to 6 h, hour up to 14 days, else day`,
    }),
  agents: z
    .enum(['true', 'false'])
    .default('false')
    .openapi({ description: 'true: each interval has its agents. `total` has them always' }),
  agent: id
    .optional()
    .openapi({ description: 'Only calls that named this agent, its attempts, and failovers to it' }),
});

const callsByOutcome = z.object({ completed: wholeNumber, failed: wholeNumber, cancelled: wholeNumber });

const ms = z.number().nullable();
const percentiles = z.object({ count: wholeNumber, p50: ms, p95: ms, p99: ms }).openapi('FigurePercentiles', {
  description: 'In ms, within 1 % of the exact ones; null if nothing was measured',
});

const agentFigures = z
  .object({
    calls: callsByOutcome.openapi({ description: 'Calls that named the agent' }),
    attempts: wholeNumber.openapi({ description: 'How many calls asked the agent, as their first or later' }),
    attempt_errors: z.partialRecord(errorType, wholeNumber),
    tries: wholeNumber.openapi({ description: 'Requests to the agent: an attempt has one or more' }),
    latency_ms: percentiles.openapi({
      description: 'Of attempts, with all tries and the backoff between them',
    }),
  })
  .openapi('AgentFigures');

const figures = {
  calls: callsByOutcome,
  errors: z.partialRecord(errorType, wholeNumber).openapi({ description: 'Failed calls by error type' }),
  failovers: z
    .array(z.object({ asked: z.string(), answered: z.string(), calls: wholeNumber }))
    .openapi({ description: 'Calls that another agent answered than the one they named' }),
  duration_ms: percentiles.openapi({ description: 'Of calls, from their start to their end' }),
  queue_wait_ms: percentiles.openapi({ description: "Of calls: the wait for their session's turn" }),
  overhead_ms: percentiles.openapi({
    description: 'Of calls: duration without that wait, agents, and waits for paused agents',
  }),
  latency_ms: percentiles.openapi({ description: 'Of the attempts of all agents' }),
};
const agents = z.record(z.string(), agentFigures);

export const figuresAnswer = z
  .object({
    from: isoTime,
    to: isoTime,
    step: z.enum(steps),
    complete_until: isoTime.nullable().openapi({
      description: 'Calls that ended before this time are counted, later ones not yet; null if none ever was',
    }),
    damaged_files: z.array(z.string()).openapi({
      description: `Files of the range, in the payload store, that cannot be read: what they counted is missing. At most ${maxDamagedFiles}`,
    }),
    intervals: z
      .array(
        z.object({
          from: isoTime,
          ...figures,
          agents: agents.optional().openapi({ description: 'With agents=true' }),
        }),
      )
      .openapi({
        description: 'Oldest first, those without calls too; none that begins after complete_until',
      }),
    total: z.object({ ...figures, agents }).openapi({ description: 'Of the whole range' }),
  })
  .openapi('Figures');

export type FiguresAnswer = AnswerOf<typeof figuresAnswer>;
export type FigureSet = FiguresAnswer['total'];
export type FigurePercentiles = FigureSet['latency_ms'];
