import type { IdleRates, Round } from './figures.ts';
import type { Phase } from './lanes.ts';
import type { RowName } from './row-names.ts';

/** The subject of a row, i.e. what it measures: one way to ask the same agent, or a read. */
export interface Subject {
  readonly name: RowName;
  run(count: number, parallel: number): Promise<Phase>;
  readonly processes: Processes;
  /** Path of the SQLite file of the Temporal server that the subject uses. */
  readonly database?: string;
  /** The URL of the node, and the route, whose Prometheus histogram has the durations of the handler. */
  readonly handler?: { readonly url: string; readonly route: string };
  /** Counts the events that one call leaves in Temporal. */
  count?(): Promise<HistoryCounts>;
  /**
   * How long the agent takes for an answer, in ms. It is subtracted from the durations, and such a row makes only a few calls.
   */
  readonly agentMs?: number;
  /** What the product does for calls after their answers. Absent if it takes only a moment. */
  readonly afterwards?: Afterwards;
  /** Set if the row is measured only with several calls at once, not in sequence. */
  readonly onlyConcurrent?: true;
  /** Replaces the usual warm-up. */
  warmUp?(): Promise<void>;
  /** Measures a round in a way of its own, instead of in sequence and at each level of concurrency. */
  ownRound?(idle: IdleRates): Promise<Round>;
}

export interface Afterwards {
  /** How long it takes at most, in ms after the last answer. */
  readonly ms: number;
  /** Whether it is a cost of the row. If not, it is only waited for, so that it is not a cost of the next row. */
  readonly isCost: boolean;
}

/** The pids of the processes whose CPU time counts for the row. */
export interface Processes {
  readonly node: readonly number[];
  readonly server: readonly number[];
}

export interface HistoryCounts {
  /** The number of events in the history of the call itself. */
  readonly events: number;
  readonly workflowTasks: number;
  /** The number of events that the call adds to the history of its session, if the next call follows at once. */
  readonly sessionEvents?: number;
  /** The number of workflow tasks that the call causes in its session, if the next call follows at once. */
  readonly sessionTasks?: number;
}
