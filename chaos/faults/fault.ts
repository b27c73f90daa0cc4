import type { Stage } from '../load/stage.ts';
import type { ProxiedProcess } from '../product/proxied-process.ts';
import type { Product } from '../product/product.ts';

/** The context of a fault: that of the load, and the product. */
export interface FaultStage<P extends Product = Product> extends Stage {
  readonly product: P;
}

/** The report of a fault on what it did. */
export interface Done {
  readonly what: string;
  /** The time (epoch ms) from which recovery is measured: that of the kill, or of the end of the disturbance. */
  readonly at: number;
  /** Names of the facades through which a call must succeed before the product counts as recovered. */
  readonly touched: readonly string[];
  /** Whether the fault ended the Temporal server or its database. Some products take longer to recover from that. */
  readonly endedServers?: boolean;
  /** The times (epoch ms) at which the fault stopped or killed a process during a burst. */
  readonly moments?: readonly number[];
  /** Why the fault could not be injected on this machine; absent if it was. */
  readonly skipped?: string;
  /** Resolves when the outcomes of the calls that the fault itself sent are known. */
  readonly settled?: Promise<unknown>;
  /** Does what has to be done after the recovery, such as waking a frozen worker. */
  readonly afterwards?: () => Promise<void>;
}

/** Injects one fault and undoes it. Killed processes are restarted by `KeptProcess`, not by the fault. */
export type Fault<P extends Product = Product> = (stage: FaultStage<P>) => Promise<Done>;

/** Faults by kind. */
export type Faults<P extends Product = Product> = Readonly<Record<string, Fault<P>>>;

/** The names of all facades, including one that also runs a worker or the Temporal server. */
export const everyFacade = ({ urls }: Product): readonly string[] => Object.keys(urls);

export const namesOf = (processes: readonly ProxiedProcess[]): readonly string[] =>
  processes.map(({ name }) => name);
