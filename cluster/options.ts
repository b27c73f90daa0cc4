import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/platform/paths.ts';
import { serverTable } from '../src/platform/server-table.ts';

/** The options of `npm run cluster`. */
export interface Options {
  readonly facades: number;
  readonly workers: number;
  /** The number of shards. Undefined means the number that the data was made with, or the default number for new data. */
  readonly shards: number | undefined;
  /** Absolute path of the folder that holds everything the next start needs. */
  readonly dataDir: string;
  /** Whether to build Holdfast before the start. */
  readonly build?: boolean;
}

const maxProcesses = 64;
export const maxShards = 16_384;

export const help = `npm run cluster -- [--facades N] [--workers N] [--shards N] [--data DIR]

Starts PostgreSQL, the full Temporal server, facades and workers as processes of this machine, on free ports of
127.0.0.1, and prints their addresses. Ctrl-C stops them in order; the next start continues with the data.

  --facades N   HTTP facades, without a worker of their own (default: 2)
  --workers N   stand-alone workers (default: 3)
  --shards N    history shards of a new cluster; cannot be changed after its first start (default: ${serverTable.serverEnvironment.NUM_HISTORY_SHARDS})
  --data DIR    folder for databases, secrets, logs, large texts (default: .holdfast/cluster in the checkout; as root
                /var/lib/holdfast-cluster, since PostgreSQL then runs as another user, who must be able to enter it)

HOLDFAST_ settings of the environment apply to every facade and worker, except for the ports and HOLDFAST_DATA_DIR, which
differ for each. Without HOLDFAST_ENCRYPTION_KEY and HOLDFAST_PAYLOAD_STORE all of them use the key in DIR/cluster.json
and the folder DIR/payloads. TEMPORAL_ variables are ignored: every process connects to the cluster's own server.`;

/** Reads the command line. Returns undefined for --help. Throws an error that says which option is wrong. */
export function readOptions(args: readonly string[], root: boolean): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      facades: { type: 'string', default: '2' },
      workers: { type: 'string', default: '3' },
      shards: { type: 'string' },
      data: { type: 'string' },
      build: { type: 'boolean', default: false }, // Set by package.json, so that wrong options are refused before the build.
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  if (values.data?.trim() === '') throw new Error('--data is empty: it takes a folder; see --help');
  return {
    facades: count(values.facades, '--facades', maxProcesses),
    workers: count(values.workers, '--workers', maxProcesses),
    shards: values.shards === undefined ? undefined : count(values.shards, '--shards', maxShards),
    dataDir: values.data === undefined ? defaultDataDir(root) : resolve(values.data),
    ...(values.build && { build: true }),
  };
}

function defaultDataDir(root: boolean): string {
  return root ? '/var/lib/holdfast-cluster' : join(packageRoot, '.holdfast', 'cluster');
}

function count(text: string, option: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new Error(`${option} takes a whole number from 1 to ${max}; see --help`);
  return value;
}
