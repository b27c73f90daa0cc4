/** Figures of one row, computed from a sample of its rounds. A figure is NaN if it is not known. */
import type { Phase } from './lanes.ts';
import type { Round, TurnCosts, Usage } from './figures.ts';
import type { MeasuredRow } from './rounds.ts';
import { figures, resample, type Sample } from './stats.ts';

export type Measure = (row: MeasuredRow, sample: Sample) => number;

export const p50: Measure = (row, sample) =>
  figures(durationsOf(row, sample, ({ sequential }) => sequential)).p50;

/**
 * The median duration at one level of concurrency, in ms. `level` is an index into the plan's levels; NaN if the plan has no
 * such level.
 */
export const p50At =
  (level: number): Measure =>
  (row, sample) =>
    figures(durationsOf(row, sample, atLevel(level))).p50;

export const p99At =
  (level: number): Measure =>
  (row, sample) =>
    figures(durationsOf(row, sample, atLevel(level))).p99;

export const callsPerSecondAt =
  (level: number): Measure =>
  (row, { rounds }) => {
    const phases = roundsOf(row, rounds).flatMap((round) => atLevel(level)(round) ?? []);
    const calls = sum(phases.map(({ durationsMs }) => durationsMs.length));
    return (calls * 1_000) / sum(phases.map(({ elapsedMs }) => elapsedMs));
  };

/** A cost of the concurrent phases per call, or of a queue per turn. NaN if it is not known. */
export const perCall =
  (of: keyof Usage): Measure =>
  (row, sample) => {
    const rounds = roundsOf(row, sample.rounds);
    const calls = sum(
      rounds.flatMap(({ concurrent, queue }) =>
        queue ? queue.count : concurrent.map(({ durationsMs }) => durationsMs.length),
      ),
    );
    return sum(rounds.map(({ usage }) => usage[of] ?? Number.NaN)) / calls;
  };

/** The mean time that the node's HTTP handler takes for a request, in ms. */
export const handlerMeanMs: Measure = (row, { rounds }) => {
  const times = roundsOf(row, rounds).flatMap(({ handler }) => handler ?? []);
  return (sum(times.map(({ seconds }) => seconds)) * 1_000) / sum(times.map(({ requests }) => requests));
};

/** The share of requests whose handler took less than 1 ms, from 0 to 1. If it is at least 0.5, the median is below 1 ms. */
export const handlerShareUnderOneMs: Measure = (row, { rounds }) => {
  const times = roundsOf(row, rounds).flatMap(({ handler }) => handler ?? []);
  return sum(times.map(({ underOneMs }) => underOneMs)) / sum(times.map(({ requests }) => requests));
};

/** What a turn of a queue costs beside one of the first ten: one of the last ten, or the mean of all. */
export const turnToFirst =
  (part: 'last' | 'all', of: keyof TurnCosts): Measure =>
  (row, { rounds }) => {
    const queues = roundsOf(row, rounds).flatMap(({ queue }) => queue ?? []);
    const cost = (which: 'first' | typeof part): number =>
      sum(queues.map((queue) => queue[which][of] ?? Number.NaN));
    return cost(part) / cost('first');
  };

export function durationsOf(
  row: MeasuredRow,
  { rounds, random }: Sample,
  phase: (round: Round) => Phase | undefined,
): number[] {
  return roundsOf(row, rounds).flatMap((round) => {
    const durations = phase(round)?.durationsMs ?? [];
    return random ? resample(durations, random) : durations;
  });
}

export const atLevel =
  (level: number) =>
  ({ concurrent }: Round): Phase | undefined =>
    concurrent[level];

function roundsOf({ rounds }: MeasuredRow, drawn: readonly number[]): Round[] {
  return drawn.flatMap((index) => rounds[index] ?? []);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
