/** Starts the product as `npm start` does, on free ports and in a separate folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseIn } from '../src/platform/embedded/data-dir.ts';
import { packageRoot } from '../src/platform/paths.ts';
import { serverPidOf } from '../soak/samples.ts';
import { printed, type Children } from './children.ts';

export interface Product {
  readonly url: string;
  readonly pid: number;
  readonly temporalAddress: string;
  readonly namespace: string;
  /** The Temporal server of this product: the embedded one, or that of the product that `beside` names. */
  readonly server: Server;
}

export interface Server {
  readonly pid: number;
  readonly database: string;
}

interface Options {
  readonly dataDir: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
  /** Uses another product's Temporal server, in this namespace, instead of an embedded one. */
  readonly beside?: { readonly product: Product; readonly namespace: string };
}

/**
 * Settings that every node of the benchmark gets. The circuit breaker is off: otherwise failing agents would soon be asked last
 * instead of in their place in the chain.
 */
const environmentOfAll = {
  HOLDFAST_PORT: '0',
  HOLDFAST_TEMPORAL_PORT: '0',
  HOLDFAST_TEMPORAL_UI_PORT: '0',
  HOLDFAST_LOG_LEVEL: 'warn',
  HOLDFAST_CIRCUIT_BREAKER: 'off',
};

/** Settings for the regular path, in which an activity, and not the first workflow task, asks the agent. */
export const regularPath = { HOLDFAST_FIRST_TASK_WAIT_MS: '0' };

export const bootstrapKey = 'bootstrap-key-of-the-benchmark';

/** Settings for a node that needs keys. */
export const withKeys = { HOLDFAST_API_KEYS: bootstrapKey };

export async function startProduct(children: Children, options: Options): Promise<Product> {
  const { dataDir, beside } = options;
  const { child, pid } = children.start(
    process.execPath,
    [...(options.nodeFlags ?? []), join(packageRoot, 'dist/src/node/server.js')],
    {
      env: {
        ...withoutSettings(process.env),
        ...environmentOfAll,
        HOLDFAST_DATA_DIR: dataDir,
        ...(beside && {
          TEMPORAL_ADDRESS: beside.product.temporalAddress,
          TEMPORAL_NAMESPACE: beside.namespace,
        }),
        ...options.environment,
      },
      stdio: ['ignore', 2, 'pipe'],
    },
  );
  const [, url = '', temporalAddress = ''] = await printed(
    child.stderr,
    /API +(http:\S+)\/api[^]*Temporal +(\S+:\d+)/,
  );
  const server = beside?.product.server ?? { pid: serverPidOf(dataDir), database: databaseIn(dataDir) };
  return { url, pid, temporalAddress, namespace: beside?.namespace ?? 'default', server };
}

export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns the environment without the caller's settings of Holdfast, Temporal and OpenTelemetry, except for the path of the CLI. */
export function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => name === 'HOLDFAST_TEMPORAL_CLI' || !/^(HOLDFAST|TEMPORAL|OTEL)_/.test(name),
  );
  return Object.fromEntries(kept);
}
