/** Folding: the minutes of an hour that is over move into one file, and its sum into the file of its day. */
import { setImmediate as othersTurn } from 'node:timers/promises';
import { IntervalFigures } from '../../domain/figures.ts';
import { startOf } from '../../domain/figures-step.ts';
import type { FigureFiles, StoredFigures } from './figure-files.ts';

/**
 * Folds the minutes of the hour that have files of their own: new ones, and those that were written again. Their files go last,
 * so a fold that was interrupted is known by them, and is repeated. Throws `PayloadStoreError`.
 */
export async function foldHour(files: FigureFiles, hour: number): Promise<void> {
  const written = await files.unfoldedMinutes(hour);
  if (written.length === 0) return;
  const minutes = replaced(await files.foldedMinutes(hour), written);
  const sum = await sumOf(hour, minutes);
  await files.writeHour(sum, minutes);
  const hours = replaced(await files.hours(hour), [sum]);
  await files.writeDay(await sumOf(startOf('day', hour), hours), hours);
  await files.dropMinutes(hour);
}

/** Returns the sum of intervals, as the interval that begins at `at`. */
export async function sumOf(at: number, intervals: readonly StoredFigures[]): Promise<StoredFigures> {
  const sum = new IntervalFigures();
  for (const { rows } of intervals) {
    sum.addRows(rows);
    await othersTurn();
  }
  return { at, rows: sum.rows() };
}

/** Returns the intervals in order, the newer one of each. */
export function replaced(older: readonly StoredFigures[], newer: readonly StoredFigures[]): StoredFigures[] {
  const all = new Map([...older, ...newer].map((one) => [one.at, one]));
  return [...all.values()].sort((a, b) => a.at - b.at);
}
