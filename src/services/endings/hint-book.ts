/** The hints that the reader of the feed has, by run, until Temporal lists the run as closed. */
import type { Ending } from '../../domain/ending.ts';
import type { EndingHints } from './ending-hints.ts';

interface Hinted {
  readonly hint: Ending;
  /** Whether another hint says something else of the run. */
  disputed: boolean;
}

/** The most hints that are kept. The oldest are dropped, because what they say can be read. */
const maxHints = 100_000;
/** Temporal lists a closed call within this time, in ms, if it is not slow. */
const listedWithinMs = 10_000;

export class HintBook {
  private readonly hints: EndingHints;
  private readonly byRun = new Map<string, Hinted>();
  /** The files that were read, with the time of their newest hint. */
  private readonly files = new Map<string, number>();

  constructor(hints: EndingHints) {
    this.hints = hints;
  }

  /** How many hints wait for Temporal's list. */
  get size(): number {
    return this.byRun.size;
  }

  takeOwn(): void {
    for (const hint of this.hints.takeOwn()) this.note(hint);
  }

  /** Reads the files that other processes have written since. Returns whether there were any. Throws `PayloadStoreError`. */
  async readFiles(): Promise<boolean> {
    const before = this.files.size;
    for await (const { key, hints } of this.hints.newFiles(this.files)) {
      this.files.set(
        key,
        hints.reduce((newest, { endedAt }) => Math.max(newest, endedAt), 0),
      );
      for (const hint of hints) this.note(hint);
    }
    return this.files.size > before;
  }

  /** Takes the hint about a run. Undefined if there is none, or if two of them differ. */
  takeFor(runId: string): Ending | undefined {
    const hinted = this.byRun.get(runId);
    this.byRun.delete(runId);
    return hinted && !hinted.disputed ? hinted.hint : undefined;
  }

  /** Takes the hints about runs that ended by `listedTo` and that Temporal should have listed as closed by now. */
  takeOverdue(listedTo: number, now: number): Ending[] {
    const overdue = [...this.byRun.values()]
      .map(({ hint }) => hint)
      .filter(({ endedAt }) => endedAt <= listedTo && endedAt < now - listedWithinMs);
    for (const { runId } of overdue) this.byRun.delete(runId);
    return overdue;
  }

  /** Forgets the hints from `until` and before, and deletes their files. `until` is epoch ms. Throws `PayloadStoreError`. */
  async forget(until: number): Promise<void> {
    for (const [runId, { hint }] of this.byRun) if (hint.endedAt <= until) this.byRun.delete(runId);
    for (const [key, newest] of this.files) {
      if (newest > until) continue;
      await this.hints.drop(key);
      this.files.delete(key);
    }
  }

  private note(hint: Ending): void {
    const before = this.byRun.get(hint.runId);
    const disputed = before !== undefined && (before.disputed || !isSame(before.hint, hint));
    this.byRun.delete(hint.runId);
    this.byRun.set(hint.runId, { hint, disputed });
    const [oldest] = this.byRun.keys();
    if (this.byRun.size > maxHints && oldest !== undefined) this.byRun.delete(oldest);
  }
}

/** Whether two reports of one run are equal, but for the time at which they were made. */
function isSame(one: Ending, other: Ending): boolean {
  return JSON.stringify({ ...one, endedAt: 0 }) === JSON.stringify({ ...other, endedAt: 0 });
}
