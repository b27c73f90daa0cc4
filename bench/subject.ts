import type { Phase } from './lanes.ts';
import type { RowName } from './row-names.ts';

/** One way to ask the same agent, or to read: what a row measures. */
export interface Subject {
  readonly name: RowName;
  run(count: number, parallel: number): Promise<Phase>;
  readonly processes: Processes;
  /** SQLite file of the Temporal server that it uses. */
  readonly database?: string;
  /** Where the node's own histogram tells how long its handler took. */
  readonly handler?: { readonly url: string; readonly route: string };
  /** What one call leaves in Temporal. */
  count?(): Promise<HistoryCounts>;
  /** Each call takes the agent this long, so that there are few of them; taken off its durations. */
  readonly agentMs?: number;
}

/** Process ids whose CPU time is this row's. */
export interface Processes {
  readonly node: readonly number[];
  readonly server: readonly number[];
}

export interface HistoryCounts {
  /** Of the call's own history. */
  readonly events: number;
  readonly workflowTasks: number;
  /** Events that the call adds to the history of its session. */
  readonly sessionEvents?: number;
}
