import type { Ending } from '../../domain/ending.ts';
import { IntervalFigures, type FiguresRow } from '../../domain/figures.ts';
import type { RemovedEnding, StoredFigures } from './figure-files.ts';

/** A minute that is not written yet, or that is about to be written again. */
export class OpenMinute {
  readonly at: number;
  private readonly figures = new IntervalFigures();
  private readonly runs = new Set<string>();
  private readonly removed = new Map<string, readonly FiguresRow[]>();

  constructor(at: number) {
    this.at = at;
  }

  /** Counts an ending once, unless it was taken out. */
  add(ending: Ending): void {
    if (this.runs.has(ending.runId)) return;
    this.runs.add(ending.runId);
    if (!this.removed.has(ending.runId)) this.figures.add(ending);
  }

  /** Takes an ending out, also one that is added only later. */
  remove(ending: Ending): void {
    this.removeRows({ runId: ending.runId, rows: rowsOf(ending) });
  }

  /** Returns what is to be written. Endings that were taken out of the minute when it was written before stay out. */
  stored(before: StoredFigures | undefined): StoredFigures {
    for (const one of before?.removed ?? []) this.removeRows(one);
    const removed = [...this.removed].map(([runId, rows]) => ({ runId, rows }));
    return {
      at: this.at,
      rows: this.figures.rows(),
      ...(removed.length > 0 && { removed: sorted(removed) }),
    };
  }

  private removeRows({ runId, rows }: RemovedEnding): void {
    if (this.removed.has(runId)) return;
    this.removed.set(runId, rows);
    if (this.runs.has(runId)) this.figures.addRows(rows, -1);
  }
}

/** Returns a written minute without the ending; the same minute if it is out already. */
export function withoutEnding(minute: StoredFigures, ending: Ending): StoredFigures {
  const removed = minute.removed ?? [];
  if (removed.some(({ runId }) => runId === ending.runId)) return minute;
  const figures = new IntervalFigures();
  figures.addRows(minute.rows);
  figures.add(ending, -1);
  return {
    at: minute.at,
    rows: figures.rows(),
    removed: sorted([...removed, { runId: ending.runId, rows: rowsOf(ending) }]),
  };
}

function rowsOf(ending: Ending): FiguresRow[] {
  const figures = new IntervalFigures();
  figures.add(ending);
  return figures.rows();
}

function sorted(removed: readonly RemovedEnding[]): RemovedEnding[] {
  return removed.toSorted((a, b) => a.runId.localeCompare(b.runId));
}
