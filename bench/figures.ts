/** The figures that a round of a row has. */
import type { HandlerTimes } from './handler-times.ts';
import type { Phase } from './lanes.ts';

export interface Usage {
  readonly nodeCpuMs?: number;
  readonly serverCpuMs?: number;
  readonly databaseBytes?: number;
}

/** CPU time in ms that an idle process uses per ms, by pid. */
export type IdleRates = ReadonlyMap<number, number>;

export interface Round {
  readonly sequential: Phase;
  readonly handler?: HandlerTimes;
  /** The measured phase for each level of the plan's concurrency, in the plan's order. */
  readonly concurrent: readonly Phase[];
  /** The costs of all concurrent phases together, or of the queue. */
  readonly usage: Usage;
  /** The turns of a queue of waiting calls. */
  readonly queue?: QueueTurns;
}

export interface QueueTurns {
  readonly count: number;
  /** The costs of the first ten turns, of the last ten, and of all. */
  readonly first: TurnCosts;
  readonly last: TurnCosts;
  readonly all: TurnCosts;
}

/** The mean costs of some turns in a row, per turn. */
export interface TurnCosts {
  readonly elapsedMs: number;
  readonly serverCpuMs?: number;
}
