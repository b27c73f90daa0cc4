/**
 * The product under test, described by roles, so that load, faults and checks need not know whether it is one node or a
 * cluster.
 */
import { until } from '../pause.ts';
import type { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { DataFolder } from './data-folder.ts';
import type { HoldfastProcess } from './holdfast-process.ts';
import type { KeptProcess } from './kept-process.ts';
import type { ProxiedProcess } from './proxied-process.ts';
import type { StoredData } from './stored-data.ts';

/** The arguments of starting a product. `print` prints a line of progress. */
export interface ProductSettings {
  /** The folder of data and logs. */
  readonly folder: string;
  /** A random string in the environment of every process of the product. All of them can be found by it. */
  readonly marker: string;
  readonly apiKey: string;
  readonly encryptionKey: string;
  readonly print: (line: string) => void;
}

/** A running product. */
export interface Product {
  /** Base URLs of the facades, by name. */
  readonly urls: Readonly<Record<string, string>>;
  /** Facades without a worker. Each reaches the Temporal server through its own proxy. */
  readonly facades: readonly ProxiedProcess[];
  /** Stand-alone workers. Each reaches the Temporal server through its own proxy. */
  readonly workers: readonly ProxiedProcess[];
  /** Every Holdfast process that is kept running. */
  readonly holdfast: readonly HoldfastProcess[];
  /** Every process that is kept running, in the order of their start. */
  readonly processes: readonly KeptProcess[];
  /** Processes that a fault has stopped for good. */
  readonly retired: readonly KeptProcess[];
  /** Build ids that no worker has any more. */
  readonly goneVersions: readonly string[];
  /**
   * Within this time after the Temporal server or its database has ended, every process must be ready and calls must succeed.
   */
  readonly serversRecoverWithinMs: number;
  readonly temporalAddress: string;
  /** All proxies between processes of the product. */
  readonly proxies: readonly TcpProxy[];
  /** The folder of the payload store, which every process uses. */
  readonly store: DataFolder;
  readonly databaseDisk: DatabaseDisk;
  /** Sends a signal to the Temporal server, which is restarted when it ends. Resolves with its pid. */
  signalTemporal(signal: NodeJS.Signals): Promise<number>;
  /**
   * Sends `kill -9` to every facade and worker at the same time; all are restarted. An embedded Temporal server ends with its
   * node. Resolves with a text that says what was killed.
   */
  killHoldfast(): Promise<string>;
  /** Sends `kill -9` to every process at the same time; all are restarted. Resolves with a text that says what was killed. */
  killAll(): Promise<string>;
  /** Opens the database after every process has ended. Resolves with undefined if no program on this machine can read it. */
  openData(): Promise<StoredData | undefined>;
  /** Closes the proxies and unmounts the disks. Copies the contents of the disks into `keepIn` first, if that is given. */
  close(keepIn: string | undefined): Promise<void>;
}

/** The disk that holds Temporal's database. */
export interface DatabaseDisk {
  /** Describes for the report how `fill` makes the disk full. */
  readonly quota: string;
  /** Fills the disk, so that the database has no room. Throws if that is not possible on this machine. */
  fill(): Promise<void>;
  /** Makes room on the disk again. */
  free(): Promise<void>;
  /** Resolves once the database runs again and no longer suffers from the full disk. Throws if that does not happen in time. */
  recovered(): Promise<void>;
}

/** Lets every proxy pass traffic and waits until every process is ready. Returns false if one does not become ready in time. */
export async function heal({ proxies, processes, serversRecoverWithinMs }: Product): Promise<boolean> {
  for (const proxy of proxies) proxy.set({ kind: 'pass' });
  return until(() => processes.every((one) => one.ready), serversRecoverWithinMs);
}
