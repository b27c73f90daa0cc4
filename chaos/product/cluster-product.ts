/**
 * The product as a cluster: PostgreSQL, the full Temporal server, two facades and two workers, each in a separate process. A
 * proxy stands between each process and the server that it uses. Facades and workers can be added and removed.
 */
import { join } from 'node:path';
import type { TcpProxy } from '../proxy/tcp-proxy.ts';
import { until } from '../pause.ts';
import { openDataFolder, type DataFolder } from './data-folder.ts';
import { holdfastSettings } from './environment.ts';
import type { HoldfastProcess } from './holdfast-process.ts';
import type { KeptProcess } from './kept-process.ts';
import { openFacade, openWorker, type ProxiedProcess } from './proxied-process.ts';
import { openPostgresData } from './postgres-data.ts';
import { childrenOf, killIfThere } from './process-table.ts';
import type { DatabaseDisk, Product, ProductSettings } from './product.ts';
import { startServers, type Servers } from './servers.ts';
import type { StoredData } from './stored-data.ts';

const workersOfVersion = 2;
const readyMs = 90_000;
/**
 * How long to wait for PostgreSQL after its disk was full. When the wait begins, calls have succeeded again or the recovery has
 * timed out, so PostgreSQL should be ready.
 */
const backWithinMs = 10_000;

/** Starts the cluster. Resolves once all its processes are ready. */
export async function startClusterProduct(settings: ProductSettings): Promise<ClusterProduct> {
  const data = await openDataFolder(join(settings.folder, 'data'));
  const store = await openDataFolder(join(settings.folder, 'payloads'));
  const servers = await startServers(settings, data.path);
  const product = new ClusterProduct(settings, { data, store, servers });
  await product.startWorkers();
  await Promise.all(['facade-1', 'facade-2'].map((name) => product.startFacade(name)));
  const rest = product.holdfast.map(({ name }) => name).join(', ');
  settings.print(`PostgreSQL ${servers.postgresVersion}, the full Temporal server, ${rest} are up`);
  return product;
}

interface Parts {
  readonly data: DataFolder;
  readonly store: DataFolder;
  readonly servers: Servers;
}

/** A running cluster, whose facades and workers can be replaced. */
export class ClusterProduct implements Product {
  facades: readonly ProxiedProcess[] = [];
  workers: readonly ProxiedProcess[] = [];
  readonly retired: KeptProcess[] = [];
  /**
   * The value allows for two busy cores, on which PostgreSQL recovers in seconds and Temporal acquires its 256 shards within a
   * minute.
   */
  readonly serversRecoverWithinMs = 120_000;
  readonly store: DataFolder;
  readonly databaseDisk: DatabaseDisk;
  private readonly settings: ProductSettings;
  private readonly data: DataFolder;
  private readonly servers: Servers;
  private readonly versions: string[] = [];

  constructor(settings: ProductSettings, { data, store, servers }: Parts) {
    this.settings = settings;
    this.data = data;
    this.store = store;
    this.servers = servers;
    this.databaseDisk = diskOf(data, servers);
  }

  get urls(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.facades.map(({ name, url }) => [name, url]));
  }

  get holdfast(): readonly HoldfastProcess[] {
    return [...this.workers, ...this.facades].map(({ process }) => process);
  }

  get processes(): readonly KeptProcess[] {
    return [this.postgres, this.servers.temporal, ...this.holdfast];
  }

  get proxies(): readonly TcpProxy[] {
    return [this.databaseProxy, ...[...this.workers, ...this.facades].map(({ proxy }) => proxy)];
  }

  get goneVersions(): readonly string[] {
    return this.versions.filter((version) => this.workers.every(({ buildId }) => buildId !== version));
  }

  get temporalAddress(): string {
    return this.servers.temporalAddress;
  }

  get postgres(): KeptProcess {
    return this.servers.postgres;
  }

  /** The proxy between the Temporal server and PostgreSQL. */
  get databaseProxy(): TcpProxy {
    return this.servers.proxy;
  }

  /** Starts workers of a new version beside the running ones. Resolves with their build id once they are ready. */
  async startWorkers(): Promise<string> {
    const buildId = `v${this.versions.length + 1}`;
    this.versions.push(buildId);
    const names = Array.from({ length: workersOfVersion }, (_, index) => `worker-${index + 1}-${buildId}`);
    const started = await Promise.all(names.map((name) => openWorker(this.planOf(name), buildId)));
    this.workers = [...this.workers, ...started];
    await Promise.all(started.map(({ process }) => process.start(readyMs)));
    return buildId;
  }

  /** Starts one more facade. Resolves once it is ready. */
  async startFacade(name: string): Promise<ProxiedProcess> {
    const facade = await openFacade(this.planOf(name));
    this.facades = [...this.facades, facade];
    await facade.process.start(readyMs);
    return facade;
  }

  /** Stops a facade or worker gracefully; it is not restarted. */
  async retire(leaving: ProxiedProcess): Promise<void> {
    this.retired.push(leaving.process);
    this.workers = this.workers.filter((one) => one !== leaving);
    this.facades = this.facades.filter((one) => one !== leaving);
    await leaving.process.stop();
    await leaving.proxy.close();
  }

  signalTemporal(signal: NodeJS.Signals): Promise<number> {
    const { temporal } = this.servers;
    const { pid } = temporal;
    temporal.signal(signal);
    return Promise.resolve(pid);
  }

  /**
   * Sends `kill -9` to PostgreSQL's main process, whose end its other processes notice, or with `whole` to all its processes.
   * PostgreSQL is restarted after `awayMs`. Resolves with a text that says what was killed.
   */
  async killPostgres(whole: boolean, awayMs?: number): Promise<string> {
    const { pid } = this.postgres;
    const others = whole ? await childrenOf(pid) : [];
    this.postgres.signal('SIGKILL', awayMs);
    for (const other of others) killIfThere(other);
    return `kill -9 ${pid}${whole ? ` and its ${others.length} processes` : ''}`;
  }

  killHoldfast(): Promise<string> {
    const pids = this.holdfast.map(({ pid }) => pid);
    for (const one of this.holdfast) one.signal('SIGKILL');
    return Promise.resolve(`kill -9 ${pids.join(' ')}`);
  }

  async killAll(): Promise<string> {
    // Looked up before the first kill, so that all of them end at the same moment.
    const children = await childrenOf(this.postgres.pid);
    const pids = this.processes.map(({ pid }) => pid);
    for (const one of this.processes) one.signal('SIGKILL');
    for (const child of children) killIfThere(child);
    return `kill -9 ${pids.join(' ')} and ${children.length} processes of PostgreSQL`;
  }

  openData(): Promise<StoredData> {
    return openPostgresData(this.servers.place);
  }

  async close(keepIn: string | undefined): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    await this.data.close(keepIn && join(keepIn, 'database'));
    await this.store.close(keepIn && join(keepIn, 'texts'));
  }

  private planOf(name: string) {
    const { settings, store, servers } = this;
    return {
      name,
      temporalPort: servers.temporalPort,
      environment: holdfastSettings(settings, store.path),
      folder: settings.folder,
    };
  }
}

/**
 * Makes the disk of PostgreSQL. While it is full, PostgreSQL may exit, and exit again after each restart until it has room to
 * recover.
 */
function diskOf(data: DataFolder, { postgres, place }: Servers): DatabaseDisk {
  return {
    quota: data.quota,
    async fill() {
      // Otherwise a limit on file sizes would simulate a full disk, and processes that PostgreSQL starts later would not have
      // it.
      if (!data.ownFileSystem) throw new Error('no permission to mount a tmpfs');
      postgres.excuse(true);
      await data.fill(undefined);
    },
    free: () => data.free(undefined),
    async recovered() {
      if (!(await until(async () => postgres.ready && (await place.plan.isReady()), backWithinMs)))
        throw new Error('PostgreSQL did not become ready again after its disk was full');
      postgres.excuse(false);
    },
  };
}
