/** Measures the rows in rounds that take turns, so that a slow moment hits every row. */
import { between, readHandlerTimes, type HandlerTimes } from './handler-times.ts';
import type { Phase } from './lanes.ts';
import { measureIdle, metered, type IdleRates, type Usage } from './meters.ts';
import { rowTitles } from './row-names.ts';
import type { HistoryCounts, Subject } from './subject.ts';

export interface Plan {
  /** In sequence, over all rounds. */
  readonly calls: number;
  readonly rounds: number;
  readonly concurrency: readonly number[];
}

export interface Round {
  readonly sequential: Phase;
  readonly handler?: HandlerTimes;
  /** One for each level of the plan's concurrency. */
  readonly concurrent: readonly Phase[];
  /** Of the concurrent phases together. */
  readonly usage: Usage;
}

export interface MeasuredRow {
  readonly rounds: Round[];
  readonly counts?: HistoryCounts;
}

export type Progress = (text: string) => void;

const warmUpCalls = 30;

/** By the key of each subject. A row of which a call fails is left out, and said in `failures`: the others are not lost with it. */
export async function measure<Key extends string>(
  subjects: readonly (readonly [Key, Subject])[],
  plan: Plan,
  progress: Progress,
  failures: string[],
): Promise<Map<Key, MeasuredRow>> {
  const rows = new Map<Key, MeasuredRow>();
  for (const [key, subject] of subjects) {
    progress(`warming up: ${rowTitles[subject.name]}`);
    try {
      await warmUp(subject, plan);
      const counts = await subject.count?.();
      rows.set(key, { rounds: [], ...(counts && { counts }) });
    } catch (error) {
      failures.push(notMeasured(subject, error));
    }
  }
  const idle = await measureIdle(subjects.map(([, subject]) => subject));
  for (let round = 0; round < plan.rounds; round++) {
    // Each round begins with another row: what trails a row must not always fall on the same neighbour.
    const from = Math.floor((round * subjects.length) / plan.rounds);
    for (const [key, subject] of [...subjects.slice(from), ...subjects.slice(0, from)]) {
      const row = rows.get(key);
      if (!row) continue;
      progress(`round ${round + 1} of ${plan.rounds}: ${rowTitles[subject.name]}`);
      try {
        row.rounds.push(await measureRound(subject, plan, idle));
      } catch (error) {
        rows.delete(key);
        failures.push(notMeasured(subject, error));
      }
    }
  }
  return rows;
}

function notMeasured({ name }: Subject, error: unknown): string {
  return `Not measured to its end, ${rowTitles[name]}: ${String(error)}`;
}

async function warmUp(subject: Subject, { calls, concurrency }: Plan): Promise<void> {
  const few = subject.agentMs === undefined ? Math.min(warmUpCalls, calls) : 1;
  await subject.run(few, 1);
  for (const parallel of concurrency) await subject.run(Math.max(few, parallel), parallel);
}

async function measureRound(subject: Subject, plan: Plan, idle: IdleRates): Promise<Round> {
  const { handler } = subject;
  const before = handler && (await readHandlerTimes(handler.url, handler.route));
  const sequential = await subject.run(callsOf(subject, plan, 1), 1);
  const after = handler && (await readHandlerTimes(handler.url, handler.route));
  const concurrent: Phase[] = [];
  const usage = await metered(subject, idle, async () => {
    for (const parallel of plan.concurrency)
      concurrent.push(await subject.run(callsOf(subject, plan, parallel), parallel));
  });
  const agentMs = subject.agentMs ?? 0;
  return {
    sequential: without(agentMs, sequential),
    concurrent: concurrent.map((phase) => without(agentMs, phase)),
    usage,
    ...(before && after && { handler: between(before, after) }),
  };
}

/** Enough that all lanes are busy for most of the phase; of an agent that takes its time each lane asks once. */
function callsOf({ agentMs }: Subject, { calls, rounds }: Plan, parallel: number): number {
  if (agentMs !== undefined) return parallel;
  return parallel === 1 ? Math.ceil(calls / rounds) : Math.max(Math.ceil(calls / rounds), 3 * parallel);
}

function without(agentMs: number, { durationsMs, elapsedMs }: Phase): Phase {
  return { durationsMs: durationsMs.map((ms) => ms - agentMs), elapsedMs };
}
