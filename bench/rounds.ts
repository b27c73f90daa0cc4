/** Measures all rows in several rounds, so that a slow moment of the machine affects every row. */
import { setTimeout as pass } from 'node:timers/promises';
import { between, readHandlerTimes, type HandlerTimes } from './handler-times.ts';
import type { Phase } from './lanes.ts';
import type { IdleRates, Round } from './figures.ts';
import { measureIdle, metered } from './meters.ts';
import { rowTitles } from './row-names.ts';
import type { HistoryCounts, Subject } from './subject.ts';

export interface Plan {
  /** How many sequential calls each row makes in total. They are spread evenly over the rounds. */
  readonly calls: number;
  readonly rounds: number;
  readonly concurrency: readonly number[];
}

export interface MeasuredRow {
  readonly rounds: Round[];
  readonly counts?: HistoryCounts;
}

export type Progress = (text: string) => void;

const warmUpCalls = 30;

/** Rows, each with its key, whose sequential calls alternate call by call. Most groups have a single row. */
export type Group<Key extends string> = readonly (readonly [Key, Subject])[];

/**
 * Measures all groups. A group in which a call fails is left out and reported in `failures`, so that the results of the other
 * groups are not lost.
 */
export async function measure<Key extends string>(
  groups: readonly Group<Key>[],
  plan: Plan,
  progress: Progress,
  failures: string[],
): Promise<Map<Key, MeasuredRow>> {
  const rows = new Map<Key, MeasuredRow>();
  const attempt = async (group: Group<Key>, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      for (const [key] of group) rows.delete(key);
      failures.push(`Not measured to its end, ${titleOf(group)}: ${String(error)}`);
    }
  };
  for (const group of groups)
    await attempt(group, async () => {
      progress(`warming up: ${titleOf(group)}`);
      for (const [key, subject] of group) {
        await warmUp(subject, plan);
        const counts = await subject.count?.();
        if (subject.afterwards) await pass(subject.afterwards.ms);
        rows.set(key, { rounds: [], ...(counts && { counts }) });
      }
    });
  const idle = await measureIdle(groups.flat().map(([, subject]) => subject));
  for (let round = 0; round < plan.rounds; round++) {
    // Each round begins with another row, since the work that follows a row must not always slow down the same next row.
    const from = Math.floor((round * groups.length) / plan.rounds);
    for (const group of [...groups.slice(from), ...groups.slice(0, from)]) {
      if (!group.every(([key]) => rows.has(key))) continue;
      progress(`round ${round + 1} of ${plan.rounds}: ${titleOf(group)}`);
      await attempt(group, async () => {
        for (const [key, one] of await measureRound(group, plan, idle)) rows.get(key)?.rounds.push(one);
      });
    }
  }
  return rows;
}

function titleOf([first]: Group<string>): string {
  return first ? rowTitles[first[1].name] : 'nothing';
}

async function warmUp(subject: Subject, { calls, concurrency }: Plan): Promise<void> {
  if (subject.warmUp) return subject.warmUp();
  const few = subject.agentMs === undefined ? Math.min(warmUpCalls, calls) : 1;
  if (!subject.onlyConcurrent) await subject.run(few, 1);
  for (const parallel of concurrency) await subject.run(Math.max(few, parallel), parallel);
}

async function measureRound<Key extends string>(
  group: Group<Key>,
  plan: Plan,
  idle: IdleRates,
): Promise<(readonly [Key, Round])[]> {
  const sequences = await inSequence(
    group.map(([, subject]) => subject),
    plan,
  );
  const rounds: (readonly [Key, Round])[] = [];
  for (const [at, [key, subject]] of group.entries()) {
    const sequence = sequences[at];
    const round = subject.ownRound
      ? await subject.ownRound(idle)
      : sequence && { ...sequence, ...(await measureConcurrent(subject, plan, idle)) };
    if (round) rounds.push([key, round]);
    if (subject.afterwards && !subject.afterwards.isCost) await pass(subject.afterwards.ms);
  }
  return rounds;
}

async function measureConcurrent(
  subject: Subject,
  plan: Plan,
  idle: IdleRates,
): Promise<Pick<Round, 'concurrent' | 'usage'>> {
  const concurrent: Phase[] = [];
  const usage = await metered(subject, idle, async () => {
    for (const parallel of plan.concurrency)
      concurrent.push(without(subject, await subject.run(callsOf(subject, plan, parallel), parallel)));
  });
  return { concurrent, usage };
}

/** Measures the sequential phase of each subject. Returns the phases in the order of the subjects. */
async function inSequence(
  subjects: readonly Subject[],
  plan: Plan,
): Promise<Pick<Round, 'sequential' | 'handler'>[]> {
  const before = await Promise.all(subjects.map(handlerTimesOf));
  const phases = subjects.map((): Phase[] => []);
  const calls = subjects.map((subject) => callsOf(subject, plan, 1));
  const turns = subjects.length === 1 ? 1 : Math.max(...calls);
  for (let turn = 0; turn < turns; turn++)
    for (const [at, subject] of subjects.entries())
      if (isInSequence(subject))
        phases[at]?.push(without(subject, await subject.run(Math.ceil((calls[at] ?? 0) / turns), 1)));
  const after = await Promise.all(subjects.map(handlerTimesOf));
  return phases.map((parts, at) => {
    const [from, to] = [before[at], after[at]];
    return { sequential: joined(parts), ...(from && to && { handler: between(from, to) }) };
  });
}

function isInSequence(subject: Subject): boolean {
  return !subject.onlyConcurrent && !subject.ownRound;
}

async function handlerTimesOf({ handler }: Subject): Promise<HandlerTimes | undefined> {
  return handler && (await readHandlerTimes(handler.url, handler.route));
}

/** Returns the number of calls of a phase: enough to keep all lanes busy. For the slow agent it is one call per lane. */
export function callsOf(
  { agentMs }: Pick<Subject, 'agentMs'>,
  { calls, rounds }: Plan,
  parallel: number,
): number {
  if (agentMs !== undefined) return parallel;
  return parallel === 1 ? Math.ceil(calls / rounds) : Math.max(Math.ceil(calls / rounds), 3 * parallel);
}

function without({ agentMs = 0 }: Subject, { durationsMs, elapsedMs }: Phase): Phase {
  return { durationsMs: durationsMs.map((ms) => ms - agentMs), elapsedMs };
}

function joined(parts: readonly Phase[]): Phase {
  return {
    durationsMs: parts.flatMap(({ durationsMs }) => durationsMs),
    elapsedMs: parts.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0),
  };
}
