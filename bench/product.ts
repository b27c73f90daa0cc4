/** The product as `npm start` runs it, on free ports and in a folder of its own. */
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
  /** Of its embedded server; of a server that it was given: the given one's. */
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
  /** Beside whose server, and in which namespace of it, instead of an embedded one. */
  readonly beside?: { readonly product: Product; readonly namespace: string };
}

/** Every agent is asked each time, failing or not: the breaker would put failing ones last. */
const environmentOfAll = {
  HOLDFAST_PORT: '0',
  HOLDFAST_TEMPORAL_PORT: '0',
  HOLDFAST_TEMPORAL_UI_PORT: '0',
  HOLDFAST_LOG_LEVEL: 'warn',
  HOLDFAST_CIRCUIT_BREAKER: 'off',
};

/** Asks agents by an activity from the start, instead of from the workflow task that comes to them. */
export const regularPath = { HOLDFAST_FIRST_TASK_WAIT_MS: '0' };

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

/** The caller's settings are not the benchmark's; where the CLI is, is. */
export function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => name === 'HOLDFAST_TEMPORAL_CLI' || !/^(HOLDFAST|TEMPORAL)_/.test(name),
  );
  return Object.fromEntries(kept);
}
