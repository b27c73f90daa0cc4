/**
 * The product as it runs: a node with the embedded Temporal server, a facade without a worker, a stand-alone worker.
 * Facade and worker reach the server through proxies; all are started again on the same data and ports.
 */
import { join } from 'node:path';
import { databaseIn } from '../../src/platform/embedded/data-dir.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { until } from '../pause.ts';
import { openDataFolder, type DataFolder } from './data-folder.ts';
import { KeptProcess } from './kept-process.ts';
import { freePorts } from '../../cluster/free-ports.ts';
import { serverPidOf } from './process-table.ts';

export interface ClusterSettings {
  /** Holds data and logs. */
  readonly folder: string;
  /** In the environment of every process, and of no other. */
  readonly marker: string;
  readonly apiKey: string;
  readonly encryptionKey: string;
}

export type FacadeName = 'node' | 'facade';

export interface Cluster {
  readonly node: KeptProcess;
  readonly facade: KeptProcess;
  readonly worker: KeptProcess;
  readonly urls: Readonly<Record<FacadeName, string>>;
  readonly workerUrl: string;
  readonly temporalAddress: string;
  /** Between the facade and the Temporal server. */
  readonly facadeRoad: TcpProxy;
  /** Between the stand-alone worker and the Temporal server. */
  readonly workerRoad: TcpProxy;
  readonly data: DataFolder;
  /** Of texts that are too large for a history; every process uses it. */
  readonly store: DataFolder;
  readonly database: string;
  serverPid(): Promise<number>;
}

export async function startCluster(settings: ClusterSettings): Promise<Cluster> {
  const { folder, marker, apiKey, encryptionKey } = settings;
  const [temporal, ui, nodePort, facadePort, workerPort, ...roads] = (await freePorts(7)).map(String);
  const [facadeRoad, workerRoad] = await Promise.all(
    roads.map((port) => TcpProxy.start(Number(temporal), Number(port))),
  );
  if (!facadeRoad || !workerRoad) throw new Error('Seven ports were asked for');
  const data = await openDataFolder(join(folder, 'data'));
  const store = await openDataFolder(join(folder, 'payloads'));
  const { PATH = '', HOME = '' } = process.env;
  const common = {
    PATH,
    HOME,
    CHAOS_MARKER: marker,
    HOLDFAST_API_KEYS: apiKey,
    HOLDFAST_ENCRYPTION_KEY: encryptionKey,
    HOLDFAST_DRAIN_SECONDS: '5',
    HOLDFAST_PAYLOAD_STORE: store.path,
    HOLDFAST_INLINE_BYTES: '2048',
    // Large texts leave the windows whole: what they must hold is judged by the number of turns alone.
    HOLDFAST_WINDOW_BYTES: String(64 * 1024 * 1024),
  };
  const plan = (name: string, script: string, readyWhen: RegExp, own: Record<string, string | undefined>) =>
    new KeptProcess({
      name,
      script,
      readyWhen,
      logFolder: folder,
      environment: defined({ ...common, ...own }),
    });
  const address = (road: TcpProxy): string => `127.0.0.1:${road.port}`;
  const cluster: Cluster = {
    node: plan('node', 'src/api/server.js', /Holdfast \S+ is ready/, {
      HOLDFAST_PORT: nodePort,
      HOLDFAST_DATA_DIR: data.path,
      HOLDFAST_TEMPORAL_PORT: temporal,
      HOLDFAST_TEMPORAL_UI_PORT: ui,
    }),
    facade: plan('facade', 'src/api/server.js', /Holdfast \S+ is ready/, {
      HOLDFAST_PORT: facadePort,
      HOLDFAST_DATA_DIR: join(folder, 'facade-data'),
      HOLDFAST_EMBEDDED_WORKER: 'off',
      TEMPORAL_ADDRESS: address(facadeRoad),
    }),
    worker: plan('worker', 'worker.js', /Worker is ready/, {
      HOLDFAST_DATA_DIR: join(folder, 'worker-data'),
      HOLDFAST_WORKER_PORT: workerPort,
      TEMPORAL_ADDRESS: address(workerRoad),
    }),
    urls: { node: `http://127.0.0.1:${nodePort ?? ''}`, facade: `http://127.0.0.1:${facadePort ?? ''}` },
    workerUrl: `http://127.0.0.1:${workerPort ?? ''}`,
    temporalAddress: `127.0.0.1:${temporal ?? ''}`,
    facadeRoad,
    workerRoad,
    data,
    store,
    database: databaseIn(data.path),
    serverPid: () => awaitServer(databaseIn(data.path)),
  };
  process.once('exit', () => {
    for (const one of processesOf(cluster)) one.kill();
  });
  await cluster.node.start();
  await Promise.all([cluster.facade.start(), cluster.worker.start()]);
  return cluster;
}

export function processesOf({ node, facade, worker }: Cluster): KeptProcess[] {
  return [node, facade, worker];
}

/** Every proxy passes and every process is up. False when some process does not come up. */
export async function heal(cluster: Cluster): Promise<boolean> {
  for (const road of [cluster.facadeRoad, cluster.workerRoad]) road.set({ kind: 'pass' });
  return until(() => processesOf(cluster).every((one) => one.ready), 60_000);
}

async function awaitServer(database: string): Promise<number> {
  let pid: number | undefined;
  await until(async () => (pid = await serverPidOf(database)) !== undefined, 30_000, 20);
  if (pid === undefined) throw new Error('The node runs no Temporal server');
  return pid;
}

function defined(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
