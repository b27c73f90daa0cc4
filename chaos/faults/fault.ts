import type { Stage } from '../load/stage.ts';
import type { ProxiedProcess } from '../product/proxied-process.ts';
import type { Product } from '../product/product.ts';

/** What a fault works with: what the load has, and the product. */
export interface FaultStage<P extends Product = Product> extends Stage {
  readonly product: P;
}

/** What a fault did. */
export interface Done {
  readonly what: string;
  /** Epoch ms from which recovery is measured: the kill, or the end of the disturbance. */
  readonly at: number;
  /** Names of the facades through which a call must succeed before the product counts as recovered. */
  readonly touched: readonly string[];
  /** Whether it ended the Temporal server or its database. Some products take longer to recover from that. */
  readonly endedServers?: boolean;
  /** When it stopped or killed a process during a burst, epoch ms. */
  readonly moments?: readonly number[];
  /** The reason, if it could not be done here. */
  readonly skipped?: string;
  /** Resolves when the outcome of the calls that it sent itself is known. */
  readonly settled?: Promise<unknown>;
  /** What is left to do after the recovery, such as waking a frozen worker. */
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
