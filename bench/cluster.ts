/**
 * `npx tsx bench/cluster.ts [CALLS]` measures what a call costs on a cluster, by process, and the effect of settings.
 * Everything runs on this machine, so the ratios also hold on other machines, but the milliseconds do not. `--docs` writes the
 * two tables of docs/performance.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { letPostgresEnter } from '../cluster/make-data-dir.ts';
import { startCluster, type Cluster } from '../cluster/start-cluster.ts';
import { createLog } from '../src/platform/logging.ts';
import { packageRoot } from '../src/platform/paths.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { Cleanups } from '../src/platform/shutdown.ts';
import { startAgents } from './agent-process.ts';
import { startWatchedAgents, takeApart } from './breakdown/calls.ts';
import { spanNames, type Span } from './breakdown/milestones.ts';
import { Children } from './children.ts';
import { cpuByRole, roles, type CpuByRole } from './cluster-cpu.ts';
import { call, get, post } from './http.ts';
import { runLanes } from './lanes.ts';
import { toldAfterMs } from './node-subjects.ts';
import { whole } from './options.ts';
import { inTemporaryFolder, withoutSettings } from './product.ts';
import { figures } from './stats.ts';
import { forMarkdown, forTerminal, type Table } from './tables.ts';
import { withFigures } from './write-docs.ts';

interface Variant {
  readonly title: string;
  readonly facades: number;
  readonly workers: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Keys of the Temporal server's dynamic configuration that this variant leaves out. */
  readonly without?: readonly string[];
  /** Whether the time of this variant's calls is also split into spans. */
  readonly takenApart?: true;
}

const ackInterval = 'history.transferProcessorUpdateAckInterval';
const apart = { facades: 1, workers: 1 };
const variants: readonly Variant[] = [
  {
    title: 'a facade with its worker',
    facades: 1,
    workers: 0,
    environment: { HOLDFAST_EMBEDDED_WORKER: 'on' },
    takenApart: true,
  },
  { title: 'a facade, a worker apart', ...apart, takenApart: true },
  { title: 'a facade, three workers apart', facades: 1, workers: 3 },
  { title: 'the same, regular path', ...apart, environment: { HOLDFAST_FIRST_TASK_WAIT_MS: '0' } },
  { title: `without ${ackInterval}`, ...apart, without: [ackInterval] },
  { title: 'without any dynamic configuration', ...apart, without: Object.keys(serverTable.dynamicConfig) },
];

const kinds = ['call', 'in a session', 'async'] as const;
const parallel = 16;
const warmUps = 40;
/** All calls must have ended within this time after the last one was sent. */
const lastEndsWithinMs = 120_000;
const checkEveryMs = 50;
const page = join(packageRoot, 'docs', 'performance.md');

const help = `npx tsx bench/cluster.ts [CALLS] [--docs]

  CALLS    number of calls of each kind, one after the other and again ${parallel} at a time (default: 200)
  --docs   writes the tables into docs/performance.md`;

const { count, docs } = await argumentsOrExit();
const rows: string[][] = [];
const spansByTitle = new Map<string, readonly Span[]>();

await inTemporaryFolder(async (folder) => {
  await letPostgresEnter(folder);
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
const spans: Table = {
  head: ['median ms', ...spansByTitle.keys()],
  rows: spanNames
    .map((name) => [
      name,
      ...[...spansByTitle.values()].map((of) => of.find(({ what }) => what === name)?.ms.toFixed(1) ?? ''),
    ])
    .filter(([, ...cells]) => cells.some((cell) => cell !== '')),
};
for (const each of [table, spans]) console.log(forTerminal(each));
if (docs) {
  const text = withFigures(await readFile(page, 'utf8'), 'cluster', forMarkdown(table));
  await writeFile(page, withFigures(text, 'cluster-spans', forMarkdown(spans)));
}
process.exit(0);

/**
 * Reads the arguments; exits with code 2 if one is wrong. With `--docs` it also checks, before the run, that the tables can be
 * written afterwards.
 */
async function argumentsOrExit(): Promise<{ readonly count: number; readonly docs: boolean }> {
  try {
    const { values, positionals } = parseArgs({
      options: { docs: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(help);
      process.exit(0);
    }
    const [calls = '200', ...more] = positionals;
    if (more.length > 0)
      throw new Error(`Unexpected argument ${more.join(' ')}: give only the number of calls`);
    if (values.docs)
      for (const name of ['cluster', 'cluster-spans']) withFigures(await readFile(page, 'utf8'), name, '');
    return { count: whole(calls, 'CALLS', 1), docs: values.docs };
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

async function measure(variant: Variant, folder: string, agentPort: number): Promise<string[][]> {
  console.error(variant.title);
  const cleanups = new Cleanups(createLog('warn'));
  try {
    const dataDir = join(folder, variant.title.replaceAll(/\W+/g, '-'));
    await mkdir(dataDir);
    const environment = {
      ...withoutSettings(process.env),
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
    if (variant.takenApart) spansByTitle.set(variant.title, await spansOfCalls(url, cluster));
    return measured;
  } finally {
    await cleanups.run();
  }
}

async function spansOfCalls(url: string, { temporalAddress }: Cluster): Promise<readonly Span[]> {
  const agents = await startWatchedAgents();
  try {
    await agents.register({ url });
    const body = { agent_name: 'quick' };
    await takeApart({ url, temporalAddress }, agents, body, warmUps);
    return await takeApart({ url, temporalAddress }, agents, body, count);
  } finally {
    agents.close();
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
  // Until then sessions are told how their last calls ended, which would slow down the next kind.
  if (kind === 'in a session') await pass(toldAfterMs);
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
  const giveUpAt = performance.now() + lastEndsWithinMs;
  while (!/^holdfast_calls_in_flight 0$/m.test(await get(`${url}/metrics`))) {
    if (performance.now() > giveUpAt)
      throw new Error(`Calls are still running ${lastEndsWithinMs / 1_000} s after the last one was sent`);
    await pass(checkEveryMs);
  }
}

function perCall(from: CpuByRole, to: CpuByRole): CpuByRole {
  const each = roles.map((role) => [role, (to[role] - from[role]) / count]);
  return Object.fromEntries(each) as CpuByRole;
}
