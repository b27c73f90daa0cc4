import type { Phase } from './lanes.ts';
import type { RowName } from './row-names.ts';

/** What a row measures: one way to ask the same agent, or a read. */
export interface Subject {
  readonly name: RowName;
  run(count: number, parallel: number): Promise<Phase>;
  readonly processes: Processes;
  /** SQLite file of the Temporal server that it uses. */
  readonly database?: string;
  /** The node and route whose histogram has the durations of the handler. */
  readonly handler?: { readonly url: string; readonly route: string };
  /** Counts the events that one call leaves in Temporal. */
  count?(): Promise<HistoryCounts>;
  /** How long the agent takes per call. It is subtracted from the durations, and such a row makes only a few calls. */
  readonly agentMs?: number;
}

/** The pids whose CPU time counts for the row. */
export interface Processes {
  readonly node: readonly number[];
  readonly server: readonly number[];
}

export interface HistoryCounts {
  /** Events in the history of the call itself. */
  readonly events: number;
  readonly workflowTasks: number;
  /** Events that the call adds to the history of its session. */
  readonly sessionEvents?: number;
}
