/**
 * The product on SQLite: a node with the embedded Temporal server, a facade without a worker, and a stand-alone worker. Facade
 * and worker reach the server through proxies. Every process is restarted with the same data and ports.
 */
import { join } from 'node:path';
import { databaseIn } from '../../src/platform/embedded/data-dir.ts';
import { until } from '../pause.ts';
import { openDataFolder, type DataFolder } from './data-folder.ts';
import { holdfastSettings } from './environment.ts';
import { HoldfastProcess } from './holdfast-process.ts';
import { openFacade, openWorker, type ProxiedProcess } from './proxied-process.ts';
import { claimPort } from './ports.ts';
import { killIfThere, serverPidOf } from './process-table.ts';
import type { Product, ProductSettings } from './product.ts';
import { openSqliteData } from './sqlite-data.ts';

export interface Single extends Product {
  /** The node: a facade and a worker in one process, with the embedded Temporal server as its child process. */
  readonly node: HoldfastProcess;
}

/** Starts the product. Resolves once all its processes are ready. */
export async function startSingle(settings: ProductSettings): Promise<Single> {
  const { folder } = settings;
  const data = await openDataFolder(join(folder, 'data'));
  const store = await openDataFolder(join(folder, 'payloads'));
  const environment = holdfastSettings(settings, store.path);
  const [temporal, ui, port] = [await claimPort(), await claimPort(), await claimPort()];
  const plan = { temporalPort: temporal, environment, folder };
  const facade = await openFacade({ ...plan, name: 'facade' });
  const worker = await openWorker({ ...plan, name: 'worker' });
  const node = new HoldfastProcess({
    name: 'node',
    runs: 'facade',
    logFolder: folder,
    environment: {
      ...environment,
      HOLDFAST_PORT: String(port),
      HOLDFAST_DATA_DIR: data.path,
      HOLDFAST_TEMPORAL_PORT: String(temporal),
      HOLDFAST_TEMPORAL_UI_PORT: String(ui),
    },
  });
  const product = single({ node, port, facade, worker, temporal, data, store });
  await node.start();
  await Promise.all([facade.process.start(), worker.process.start()]);
  settings.print('the node, the facade and the worker are up');
  return product;
}

interface Parts {
  readonly node: HoldfastProcess;
  readonly port: number;
  readonly facade: ProxiedProcess;
  readonly worker: ProxiedProcess;
  readonly temporal: number;
  readonly data: DataFolder;
  readonly store: DataFolder;
}

function single({ node, port, facade, worker, temporal, data, store }: Parts): Single {
  const database = databaseIn(data.path);
  const processes = [node, facade.process, worker.process];
  const proxies = [facade.proxy, worker.proxy];
  const killAll = async (): Promise<string> => {
    const serverPid = await awaitServer(database);
    const pids = processes.map(({ pid }) => pid);
    for (const one of processes) one.signal('SIGKILL');
    killIfThere(serverPid); // The node may have ended it already.
    return `kill -9 ${[...pids, serverPid].join(' ')}`;
  };
  return {
    node,
    urls: { node: `http://127.0.0.1:${port}`, facade: facade.url },
    facades: [facade],
    workers: [worker],
    holdfast: processes,
    processes,
    retired: [],
    goneVersions: [],
    serversRecoverWithinMs: 60_000,
    temporalAddress: `127.0.0.1:${temporal}`,
    proxies,
    store,
    databaseDisk: {
      quota: data.quota,
      fill: async () => data.fill(await awaitServer(database)),
      // The server may have exited because of the full disk, and the node with it.
      free: async () => data.free(await serverPidOf(database)),
      async recovered() {
        await awaitServer(database);
      },
    },
    /** Sends the signal to the server. If it ends the server, the node restarts it, at most five times a minute. */
    async signalTemporal(signal) {
      const pid = await awaitServer(database);
      process.kill(pid, signal);
      return pid;
    },
    killHoldfast: killAll,
    killAll,
    openData: () => openSqliteData(database),
    async close(keepIn) {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await data.close(keepIn && join(keepIn, 'database'));
      await store.close(keepIn && join(keepIn, 'texts'));
    },
  };
}

async function awaitServer(database: string): Promise<number> {
  let pid: number | undefined;
  await until(async () => (pid = await serverPidOf(database)) !== undefined, 30_000, 20);
  if (pid === undefined) throw new Error('The embedded Temporal server did not start within 30 s');
  return pid;
}
