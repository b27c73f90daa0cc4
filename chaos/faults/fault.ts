import type { Stage } from '../load/stage.ts';
import type { Cluster, FacadeName } from '../product/cluster.ts';

export interface FaultStage extends Stage {
  readonly cluster: Cluster;
}

/** What was done. */
export interface Done {
  readonly what: string;
  /** From when the time to the next success counts: the kill, or the end of a disturbance. Epoch ms. */
  readonly at: number;
  /** Where that success has to be seen. */
  readonly touched: readonly FacadeName[];
  /** When a process was stopped or killed in the midst of a burst, epoch ms. */
  readonly moments?: readonly number[];
  /** Why it was not done. */
  readonly skipped?: string;
  /** Resolves when the calls that it made itself are followed up. */
  readonly settled?: Promise<unknown>;
}

/** Does something bad and undoes it; killed processes are started again by their keeper. */
export type Fault = (stage: FaultStage) => Promise<Done>;

export const bothFacades: readonly FacadeName[] = ['node', 'facade'];
