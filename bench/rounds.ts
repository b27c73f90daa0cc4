/** Rows take turns in rounds, so that a slow moment of the machine hits all of them. */
import { usedBy, type Subject, type Used } from './subject.ts';

/** One concurrency of one row. */
export interface Lot {
  /** Of each call, in ms. */
  readonly durations: number[];
  /** By round: what the ratios of throughput are resampled from. */
  readonly perSecond: number[];
  elapsedMs: number;
  nodeCpuMs: number;
  serverCpuMs: number;
  databaseBytes: number;
}

export interface Measured {
  readonly subject: Subject;
  readonly byConcurrency: ReadonlyMap<number, Lot>;
}

export interface Plan {
  /** Per row and concurrency, over all rounds. */
  readonly calls: number;
  readonly rounds: number;
  readonly concurrencies: readonly number[];
  readonly say: (text: string) => void;
}

export async function measure(subjects: readonly Subject[], plan: Plan): Promise<Measured[]> {
  const { calls, rounds, concurrencies, say } = plan;
  const rows = subjects.map((subject) => ({
    subject,
    byConcurrency: new Map(concurrencies.map((parallel) => [parallel, emptyLot()])),
  }));
  say('warming up');
  for (const { subject } of rows)
    for (const parallel of concurrencies)
      await subject.run(Math.max(parallel, shareOf(subject, 24)), parallel);
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const { subject, byConcurrency } of rows)
      for (const [parallel, lot] of byConcurrency)
        await add(lot, subject, Math.max(parallel, shareOf(subject, Math.ceil(calls / rounds))), parallel);
  }
  return rows;
}

function shareOf({ share = 1 }: Subject, calls: number): number {
  return Math.max(1, Math.ceil(calls * share));
}

async function add(lot: Lot, subject: Subject, count: number, parallel: number): Promise<void> {
  const before = await usedBy(subject);
  const durations = await subject.run(count, parallel);
  const after = await usedBy(subject);
  const used = (what: keyof Used): number => after[what] - before[what];
  lot.durations.push(...durations.map((ms) => ms - (subject.agentMs ?? 0)));
  lot.perSecond.push((count * 1_000) / used('atMs'));
  lot.elapsedMs += used('atMs');
  lot.nodeCpuMs += used('nodeCpuMs');
  lot.serverCpuMs += used('serverCpuMs');
  lot.databaseBytes += used('databaseBytes');
}

function emptyLot(): Lot {
  return { durations: [], perSecond: [], elapsedMs: 0, nodeCpuMs: 0, serverCpuMs: 0, databaseBytes: 0 };
}
