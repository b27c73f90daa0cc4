import type { Stage } from '../load/stage.ts';
import type { ProxiedProcess } from '../product/proxied-process.ts';
import type { Product } from '../product/product.ts';

export interface FaultStage<P extends Product = Product> extends Stage {
  readonly product: P;
}

/** What was done. */
export interface Done {
  readonly what: string;
  /** The time to the next success is measured from here: the kill, or the end of a disturbance. Epoch ms. */
  readonly at: number;
  /** Facades that a call has to succeed through before the fault counts as recovered from. */
  readonly touched: readonly string[];
  /** It ended the Temporal server or its database, from which some products take longer to recover. */
  readonly endedServers?: boolean;
  /** When a process was stopped or killed in the midst of a burst, epoch ms. */
  readonly moments?: readonly number[];
  /** Why it was not done. */
  readonly skipped?: string;
  /** Resolves when the calls that it made itself are followed up. */
  readonly settled?: Promise<unknown>;
  /** What is left to do once that success has been seen, such as waking a frozen worker. */
  readonly afterwards?: () => Promise<void>;
}

/** Does something bad and undoes it; killed processes are started again by their keeper. */
export type Fault<P extends Product = Product> = (stage: FaultStage<P>) => Promise<Done>;

/** Faults by their kind. */
export type Faults<P extends Product = Product> = Readonly<Record<string, Fault<P>>>;

/** Every facade, also one with a worker or the server in it. */
export const everyFacade = ({ urls }: Product): readonly string[] => Object.keys(urls);

export const namesOf = (processes: readonly ProxiedProcess[]): readonly string[] =>
  processes.map(({ name }) => name);
