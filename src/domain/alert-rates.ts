/** Decides from figures by minute whether too many calls fail, fail over, or wait. Times are epoch ms. */
import { aboutAgent, type WatchedAgent } from './alert-conditions.ts';
import type { ReportedCondition } from './alert.ts';
import type { FiguresRow } from './figures.ts';
import { FiguresSum } from './figures-summary.ts';

interface Rate {
  /** Calls that an agent answered, or that failed. Cancelled ones do not count, nor do those whose agents were all paused. */
  readonly calls: number;
  readonly failed: number;
}

/** What one minute says of the calls that ended in it. */
export interface MinuteRates {
  readonly at: number;
  /** By the agent that callers named. */
  readonly agents: ReadonlyMap<string, Rate>;
  readonly answered: number;
  /** How many of them by another agent than callers named, without those that passed over a paused one. */
  readonly failedOver: number;
}

export interface RateLimits {
  /** The share of calls that should be answered, from 0 to 1. */
  readonly objective: number;
  /** The share of answered calls that may be answered by a fallback. */
  readonly failovers: number;
  readonly queueWaitMs: number;
  /** With fewer failed calls, failovers, or calls that ended, nothing is said. */
  readonly atLeast: number;
}

const minuteMs = 60_000;
/**
 * Two burn rates, as in chapter 5 of Google's "Site Reliability Workbook": at 14.4 the errors that are allowed in 30 days are used
 * up in 2 days, at 6 in 5 days. The short window has the alert resolve soon after the errors end. It ends with the last minute
 * that has calls: without calls nobody knows that the errors have ended.
 */
const burns = [
  { factor: 14.4, longMs: 60 * minuteMs, shortMs: 5 * minuteMs },
  { factor: 6, longMs: 360 * minuteMs, shortMs: 30 * minuteMs },
];
/** How long minutes are needed for rates, and their rows for the wait. */
export const ratesMs = 360 * minuteMs;
export const queueMs = 5 * minuteMs;
const failoverMs = 15 * minuteMs;

export function ratesOf(at: number, rows: readonly FiguresRow[]): MinuteRates {
  const agents = new Map<string, Rate>();
  let [answered, failedOver] = [0, 0];
  for (const row of rows) {
    const { agent, calls: { completed = 0, failed: ended = 0 } = {}, failovers = {} } = row;
    const failed = ended - (row.errors?.['agent_paused'] ?? 0);
    const known = agents.get(agent) ?? { calls: 0, failed: 0 };
    agents.set(agent, { calls: known.calls + completed + failed, failed: known.failed + failed });
    answered += completed;
    const others = Object.values(failovers).reduce((sum, calls) => sum + calls, 0);
    failedOver += Math.max(0, others - (row.attempts?.['agent_paused'] ?? 0));
  }
  return { at, agents, answered, failedOver };
}

/** Returns the conditions of all calls, and of each agent that is still registered. The minutes are known up to `until`. */
export function errorRateConditions(
  minutes: readonly MinuteRates[],
  until: number,
  agents: readonly WatchedAgent[],
  limits: Pick<RateLimits, 'objective' | 'atLeast'>,
): ReportedCondition[] {
  const ofAll = (minute: MinuteRates): Rate => sumOf([...minute.agents.values()]);
  const all = burning(minutes, until, ofAll, limits);
  return [
    ...(all ? [errorRate({ subject: '' }, 'all agents', all)] : []),
    ...agents.flatMap((agent) => {
      const one = burning(minutes, until, (minute) => minute.agents.get(agent.name) ?? none, limits);
      return one ? [errorRate(aboutAgent(agent), `agent ${agent.name}`, one)] : [];
    }),
  ];
}

export function failoverCondition(
  minutes: readonly MinuteRates[],
  until: number,
  { failovers, atLeast }: Pick<RateLimits, 'failovers' | 'atLeast'>,
): ReportedCondition | undefined {
  const recent = within(minutes, until, failoverMs);
  const answered = recent.reduce((sum, minute) => sum + minute.answered, 0);
  const failedOver = recent.reduce((sum, minute) => sum + minute.failedOver, 0);
  if (failedOver < atLeast || failedOver / answered <= failovers) return undefined;
  const percent = percentOf(failedOver, answered);
  return {
    condition: 'failovers_high',
    subject: '',
    since: until,
    summary: `${percent} % of the calls that were answered in 15 minutes (${failedOver} of ${answered}) were answered by a fallback`,
    values: { percent, calls: answered, failovers: failedOver },
  };
}

/** `rows` are those of the last `queueMs`. */
export function queueCondition(
  rows: Iterable<FiguresRow>,
  until: number,
  { queueWaitMs, atLeast }: Pick<RateLimits, 'queueWaitMs' | 'atLeast'>,
): ReportedCondition | undefined {
  const sum = new FiguresSum({ eachAgent: false });
  sum.add(rows);
  const { count, p95 = 0 } = sum.summary().queued;
  if (count < atLeast || p95 <= queueWaitMs) return undefined;
  const seconds = Math.round(p95 / 1_000);
  return {
    condition: 'queue_wait_high',
    subject: '',
    since: until,
    summary: `Of ${count} calls that ended in 5 minutes, one in 20 has waited ${seconds} s or more for the turn of its session`,
    values: { p95_seconds: seconds, calls: count },
  };
}

interface Burning extends Rate {
  readonly minutes: number;
  /** The first minute with a failure. */
  readonly since: number;
}

const none: Rate = { calls: 0, failed: 0 };

/** Returns the rate of the first window in which the objective is missed so fast. */
function burning(
  minutes: readonly MinuteRates[],
  until: number,
  pick: (minute: MinuteRates) => Rate,
  { objective, atLeast }: Pick<RateLimits, 'objective' | 'atLeast'>,
): Burning | undefined {
  for (const { factor, longMs, shortMs } of burns) {
    const isOver = ({ calls, failed }: Rate): boolean => failed > factor * (1 - objective) * calls;
    const asked = within(minutes, until, longMs).filter((minute) => pick(minute).calls > 0);
    const long = sumOf(asked.map(pick));
    const askedUntil = Math.max(...asked.map(({ at }) => at)) + minuteMs;
    const short = sumOf(within(asked, askedUntil, shortMs).map(pick));
    if (long.failed < atLeast || !isOver(long) || !isOver(short)) continue;
    const since = Math.min(...asked.filter((minute) => pick(minute).failed > 0).map(({ at }) => at));
    return { ...long, minutes: longMs / minuteMs, since };
  }
  return undefined;
}

function errorRate(
  about: Pick<ReportedCondition, 'subject' | 'agent' | 'project'>,
  whose: string,
  { calls, failed, minutes, since }: Burning,
): ReportedCondition {
  const percent = percentOf(failed, calls);
  return {
    condition: 'error_rate_high',
    ...about,
    since,
    summary: `${percent} % of the calls of ${whose} in ${minutes} minutes have failed (${failed} of ${calls})`,
    values: { percent, calls, failed, minutes },
  };
}

function within(minutes: readonly MinuteRates[], until: number, windowMs: number): MinuteRates[] {
  return minutes.filter(({ at }) => at >= until - windowMs && at < until);
}

function sumOf(rates: readonly Rate[]): Rate {
  return rates.reduce(
    (sum, { calls, failed }) => ({ calls: sum.calls + calls, failed: sum.failed + failed }),
    none,
  );
}

const percentOf = (part: number, whole: number): number => Math.round((1_000 * part) / whole) / 10;
