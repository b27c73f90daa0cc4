/** The product as the suite sees it, by roles: load, faults and checks do not know what it was put together from. */
import { until } from '../pause.ts';
import type { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { DataFolder } from './data-folder.ts';
import type { HoldfastProcess } from './holdfast-process.ts';
import type { KeptProcess } from './kept-process.ts';
import type { ProxiedProcess } from './proxied-process.ts';
import type { StoredData } from './stored-data.ts';

export interface ProductSettings {
  /** Holds data and logs. */
  readonly folder: string;
  /** In the environment of every process, and of no other. */
  readonly marker: string;
  readonly apiKey: string;
  readonly encryptionKey: string;
  readonly tell: (line: string) => void;
}

export interface Product {
  /** Where calls can be sent to, by the name of the facade. */
  readonly urls: Readonly<Record<string, string>>;
  /** Facades without a worker, each with a proxy of its own to the Temporal server. */
  readonly facades: readonly ProxiedProcess[];
  /** Stand-alone workers, each with a proxy of its own to the Temporal server. */
  readonly workers: readonly ProxiedProcess[];
  /** Every process of Holdfast that is kept running. */
  readonly holdfast: readonly HoldfastProcess[];
  /** Everything that is kept running, in the order of its start. */
  readonly processes: readonly KeptProcess[];
  /** What a fault has stopped for good. */
  readonly retired: readonly KeptProcess[];
  /** Build ids of which no worker is left. */
  readonly goneVersions: readonly string[];
  /** Within this time of an end of the Temporal server or its database every process is up and calls succeed. */
  readonly serversRecoverWithinMs: number;
  readonly temporalAddress: string;
  /** All that can be a bad network. */
  readonly proxies: readonly TcpProxy[];
  /** Of texts that are too large for a history; every process uses it. */
  readonly store: DataFolder;
  readonly databaseDisk: DatabaseDisk;
  /** To the Temporal server, which is started again when it ends. Resolves with its pid. */
  signalTemporal(signal: NodeJS.Signals): Promise<number>;
  /** `kill -9` of everything at once; all of it is started again. Resolves with what was killed. */
  killAll(): Promise<string>;
  /** Looks into the database once nothing runs any more; undefined where nothing here can read it. */
  openData(): Promise<StoredData | undefined>;
  /** Closes the proxies and frees the disks; what was on them is copied below `keepIn`, if given. */
  close(keepIn: string | undefined): Promise<void>;
}

export interface DatabaseDisk {
  /** How it is filled, in words. */
  readonly quota: string;
  /** Leaves no room for the database. Throws where it cannot. */
  fill(): Promise<void>;
  /** Makes room again. */
  free(): Promise<void>;
  /** Resolves once the database has no more reason to end by itself. Throws where it is not back. */
  recovered(): Promise<void>;
}

/** Lets every proxy pass traffic and waits until every process is ready. Returns false if one does not become ready in time. */
export async function heal({ proxies, processes, serversRecoverWithinMs }: Product): Promise<boolean> {
  for (const proxy of proxies) proxy.set({ kind: 'pass' });
  return until(() => processes.every((one) => one.ready), serversRecoverWithinMs);
}
