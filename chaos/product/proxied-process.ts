/** A facade or a worker that reaches the Temporal server through its own proxy. */
import { join } from 'node:path';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { HoldfastProcess } from './holdfast-process.ts';
import { claimPort } from './ports.ts';

/**
 * A running facade or worker. `url` is its HTTP address, which serves the API of a facade, or health and metrics of a worker.
 */
export interface ProxiedProcess {
  readonly name: string;
  readonly process: HoldfastProcess;
  readonly url: string;
  readonly proxy: TcpProxy;
  /** The build id (`HOLDFAST_BUILD_ID`) of a worker that has one. */
  readonly buildId?: string;
}

/** How to set up a facade or a worker. */
export interface ProxiedProcessPlan {
  readonly name: string;
  readonly temporalPort: number;
  /** The settings, as environment variables, that every process of the product gets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** Sets up a facade with its proxy. The process is not started yet. */
export async function openFacade(plan: ProxiedProcessPlan): Promise<ProxiedProcess> {
  const port = await claimPort();
  return open(plan, 'facade', port, { HOLDFAST_PORT: String(port), HOLDFAST_EMBEDDED_WORKER: 'off' });
}

/** Sets up a stand-alone worker with its proxy. The process is not started yet. */
export async function openWorker(plan: ProxiedProcessPlan, buildId?: string): Promise<ProxiedProcess> {
  const port = await claimPort();
  const own = { HOLDFAST_WORKER_PORT: String(port) };
  if (buildId === undefined) return open(plan, 'worker', port, own);
  return { ...(await open(plan, 'worker', port, { ...own, HOLDFAST_BUILD_ID: buildId })), buildId };
}

async function open(
  { name, temporalPort, environment, folder }: ProxiedProcessPlan,
  runs: 'facade' | 'worker',
  port: number,
  own: Readonly<Record<string, string>>,
): Promise<ProxiedProcess> {
  const proxy = await TcpProxy.start(temporalPort, await claimPort());
  const process = new HoldfastProcess({
    name,
    runs,
    logFolder: folder,
    environment: {
      ...environment,
      HOLDFAST_DATA_DIR: join(folder, `${name}-data`),
      TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}`,
      ...own,
    },
  });
  return { name, process, url: `http://127.0.0.1:${port}`, proxy };
}
