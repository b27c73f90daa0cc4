/**
 * `npx tsx bench/cluster.ts [CALLS]`: what a call costs on a cluster, by process, and what its settings change. Everything runs
 * on this machine: the ratios travel, the milliseconds do not. `--docs` writes the tables of docs/performance.md.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startCluster, type Cluster } from '../cluster/start-cluster.ts';
import { createLog } from '../src/platform/logging.ts';
import { packageRoot } from '../src/platform/paths.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { Cleanups } from '../src/platform/shutdown.ts';
import { startAgents } from './agent-process.ts';
import { Children } from './children.ts';
import { cpuByRole, roles, type CpuByRole } from './cluster-cpu.ts';
import { call, get, post } from './http.ts';
import { runLanes } from './lanes.ts';
import { inTemporaryFolder } from './product.ts';
import { figures } from './stats.ts';
import { forMarkdown, forTerminal, type Table } from './tables.ts';
import { withFigures } from './write-docs.ts';

interface Variant {
  readonly title: string;
  readonly facades: number;
  readonly workers: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Of the table's dynamic configuration, what is left out. */
  readonly without?: readonly string[];
}

const ackInterval = 'history.transferProcessorUpdateAckInterval';
const apart = { facades: 1, workers: 1 };
const variants: readonly Variant[] = [
  {
    title: 'a facade with its worker',
    facades: 1,
    workers: 0,
    environment: { HOLDFAST_EMBEDDED_WORKER: 'on' },
  },
  { title: 'a facade, a worker apart', ...apart },
  { title: 'a facade, three workers apart', facades: 1, workers: 3 },
  { title: 'the same, regular path', ...apart, environment: { HOLDFAST_FIRST_TASK_WAIT_MS: '0' } },
  { title: `without ${ackInterval}`, ...apart, without: [ackInterval] },
  { title: 'without any dynamic configuration', ...apart, without: Object.keys(serverTable.dynamicConfig) },
];

const kinds = ['call', 'in a session', 'async'] as const;
const parallel = 16;
const warmUps = 40;

const [first = '200'] = process.argv.slice(2).filter((word) => word !== '--docs');
const count = Number(first);
const rows: string[][] = [];

await inTemporaryFolder(async (folder) => {
  await chmod(folder, 0o711); // PostgreSQL, as a user of its own, enters it.
  const children = new Children();
  try {
    const agents = await startAgents(children);
    for (const variant of variants) rows.push(...(await measure(variant, folder, agents.quick)));
  } finally {
    await children.stop();
  }
});

const table: Table = {
  head: [
    '',
    'of',
    'p50 ms',
    `p50 at ${parallel}`,
    `calls/s at ${parallel}`,
    ...roles.map((role) => `CPU of ${role}`),
  ],
  rows,
};
console.log(forTerminal(table));
if (process.argv.includes('--docs')) {
  const page = join(packageRoot, 'docs', 'performance.md');
  await writeFile(page, withFigures(await readFile(page, 'utf8'), 'cluster', forMarkdown(table)));
}
process.exit(0);

async function measure(variant: Variant, folder: string, agentPort: number): Promise<string[][]> {
  console.error(variant.title);
  const cleanups = new Cleanups(createLog('warn'));
  try {
    const dataDir = join(folder, variant.title.replaceAll(/\W+/g, '-'));
    await mkdir(dataDir);
    const environment = {
      ...process.env,
      HOLDFAST_LOG_LEVEL: 'warn',
      HOLDFAST_CIRCUIT_BREAKER: 'off',
      ...variant.environment,
    };
    const { facades, workers } = variant;
    const cluster = await startCluster(
      {
        dataDir,
        facades,
        workers,
        shards: undefined,
        dynamicConfig: await dynamicConfigOf(variant, dataDir),
        environment,
      },
      cleanups,
      (line) => console.error(`  ${line}`),
      new AbortController().signal,
    );
    const [url = ''] = cluster.facadeUrls;
    await post(`${url}/api/vps/register`, { name: 'quick', host: '127.0.0.1', port: agentPort });
    const measured: string[][] = [];
    for (const kind of kinds) measured.push([variant.title, kind, ...(await figuresOf(kind, url, cluster))]);
    return measured;
  } finally {
    await cleanups.run();
  }
}

async function dynamicConfigOf({ without = [] }: Variant, dataDir: string): Promise<string> {
  const path = join(dataDir, 'dynamic-config.yaml');
  const kept = Object.entries(serverTable.dynamicConfig).filter(([name]) => !without.includes(name));
  const lines = kept.map(([name, value]) => `${name}: [{ value: ${JSON.stringify(value)} }]`);
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

async function figuresOf(kind: (typeof kinds)[number], url: string, cluster: Cluster): Promise<string[]> {
  const ask = (lane: number): Promise<unknown> => {
    if (kind === 'async') return askAsync(url);
    const session = kind === 'in a session' && { session_id: `bench-${lane}` };
    return call(url, { agent_name: 'quick', ...session });
  };
  await runLanes(ask, warmUps, 1);
  await runLanes(ask, 3 * parallel, parallel);
  const sequence = await runLanes(ask, count, 1);
  const began = await cpuByRole(cluster);
  const at = await runLanes(ask, count, parallel);
  if (kind === 'async') await untilNoneRuns(url);
  const cpu = perCall(began, await cpuByRole(cluster));
  return [
    figures(sequence.durationsMs).p50.toFixed(1),
    figures(at.durationsMs).p50.toFixed(1),
    ((1_000 * count) / at.elapsedMs).toFixed(1),
    ...roles.map((role) => cpu[role].toFixed(1)),
  ];
}

async function askAsync(url: string): Promise<void> {
  await post(`${url}/api/vps/call`, { agent_name: 'quick', prompt: 'hello' }, { prefer: 'respond-async' });
}

async function untilNoneRuns(url: string): Promise<void> {
  while (!/^holdfast_calls_in_flight 0$/m.test(await get(`${url}/metrics`)));
}

function perCall(from: CpuByRole, to: CpuByRole): CpuByRole {
  const each = roles.map((role) => [role, (to[role] - from[role]) / count]);
  return Object.fromEntries(each) as CpuByRole;
}
