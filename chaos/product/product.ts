/** The product under test, by roles, so that load, faults and checks need not know whether it is one node or a cluster. */
import { until } from '../pause.ts';
import type { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { DataFolder } from './data-folder.ts';
import type { HoldfastProcess } from './holdfast-process.ts';
import type { KeptProcess } from './kept-process.ts';
import type { ProxiedProcess } from './proxied-process.ts';
import type { StoredData } from './stored-data.ts';

/** What a product is started with. `print` prints a line of progress. */
export interface ProductSettings {
  /** The folder of data and logs. */
  readonly folder: string;
  /** A random string in the environment of every process of the product, by which all of them can be found. */
  readonly marker: string;
  readonly apiKey: string;
  readonly encryptionKey: string;
  readonly print: (line: string) => void;
}

/** A running product. */
export interface Product {
  /** Base URLs of the facades, by name. */
  readonly urls: Readonly<Record<string, string>>;
  /** Facades without a worker, each with a proxy of its own to the Temporal server. */
  readonly facades: readonly ProxiedProcess[];
  /** Stand-alone workers, each with a proxy of its own to the Temporal server. */
  readonly workers: readonly ProxiedProcess[];
  /** Every Holdfast process that is kept running. */
  readonly holdfast: readonly HoldfastProcess[];
  /** Every process that is kept running, in the order of their start. */
  readonly processes: readonly KeptProcess[];
  /** Processes that a fault has stopped for good. */
  readonly retired: readonly KeptProcess[];
  /** Build ids that no worker has any more. */
  readonly goneVersions: readonly string[];
  /** After the Temporal server or its database has ended, every process is ready and calls succeed within this time. */
  readonly serversRecoverWithinMs: number;
  readonly temporalAddress: string;
  /** All proxies between processes of the product. */
  readonly proxies: readonly TcpProxy[];
  /** The folder of the payload store, which every process uses. */
  readonly store: DataFolder;
  readonly databaseDisk: DatabaseDisk;
  /** Sends a signal to the Temporal server, which is restarted when it ends. Resolves with its pid. */
  signalTemporal(signal: NodeJS.Signals): Promise<number>;
  /** `kill -9` of every process at once; all are restarted. Resolves with what was killed. */
  killAll(): Promise<string>;
  /** Opens the database after every process has ended. Resolves with undefined if no program here can read it. */
  openData(): Promise<StoredData | undefined>;
  /** Closes the proxies and unmounts the disks. Their contents are copied into `keepIn` first, if it is given. */
  close(keepIn: string | undefined): Promise<void>;
}

/** The disk that holds Temporal's database. */
export interface DatabaseDisk {
  /** How `fill` does it, in words, for the report. */
  readonly quota: string;
  /** Leaves no room for the database. Throws if that is not possible here. */
  fill(): Promise<void>;
  /** Makes room again. */
  free(): Promise<void>;
  /** Resolves once the database is running again and no longer suffers from the full disk. Throws if it is not. */
  recovered(): Promise<void>;
}

/** Lets every proxy pass traffic and waits until every process is ready. Returns false if one does not become ready in time. */
export async function heal({ proxies, processes, serversRecoverWithinMs }: Product): Promise<boolean> {
  for (const proxy of proxies) proxy.set({ kind: 'pass' });
  return until(() => processes.every((one) => one.ready), serversRecoverWithinMs);
}
