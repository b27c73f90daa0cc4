/**
 * `npm run soak`: puts a constant load on a node for a while, then checks whether memory, file descriptors, database and
 * latency have grown. The exit code is 1 if one grew beyond its limit.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { figures } from '../bench/stats.ts';
import { startLoad } from './load.ts';
import { startProduct } from './product.ts';
import { sample, serverPidOf, type Sample } from './samples.ts';
import { judgeInFlight } from './in-flight.ts';
import { judge, type Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    rate: { type: 'string', default: '8' },
    'in-flight': { type: 'string', default: '1000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run soak -- [--minutes 20] [--rate 8] [--in-flight 1000] [--json FILE]

  --minutes M   how long the load lasts
  --rate R      calls begun per second: without a session, in sessions, and failing over
  --in-flight N before it, how many calls are in flight at once on a slow agent, 0 for none
  --json FILE   samples and verdict`);
  process.exit(0);
}
const minutes = Number(values.minutes);
const rate = Number(values.rate);
if (!(minutes > 0) || !(rate > 0)) throw new Error('--minutes and --rate take numbers above 0');

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-soak-'));
const product = await startProduct(dataDir);
const samples: Sample[] = [];
const verdicts: Verdict[] = [];
let calls = 0;
try {
  const subjects = { nodePid: product.pid, serverPid: serverPidOf(dataDir), dataDir };
  const inFlight = Number(values['in-flight']);
  if (inFlight > 0) verdicts.push(...(await judgeInFlight(product.url, product.pid, inFlight)));
  const load = await startLoad(product.url, rate);
  const startedAt = Date.now();
  const everyMs = Math.max(2_000, (minutes * 60_000) / 120);
  while (Date.now() - startedAt < minutes * 60_000) {
    await pass(everyMs);
    const taken = await sample(
      subjects,
      (Date.now() - startedAt) / 60_000,
      figures(load.takeDurations()).p99,
    );
    samples.push(taken);
    console.error(line(taken));
  }
  await load.stop();
  verdicts.push(...judge(samples, load.totals()));
  ({ calls } = load.totals());
} finally {
  await product.stop();
  await rm(dataDir, { recursive: true, force: true });
}

const table = new Table({ head: ['what', 'measured', 'limit', ''], style: { head: [], border: [] } });
for (const { what, measured, limit, ok } of verdicts)
  table.push([what, measured.toFixed(2), limit, ok ? 'ok' : 'TOO MUCH']);
console.log(table.toString());
console.log(`${calls} calls in ${minutes} minutes`);
if (values.json !== undefined)
  await writeFile(values.json, JSON.stringify({ samples, verdicts }, undefined, 2));
process.exit(verdicts.every(({ ok }) => ok) ? 0 : 1);

function line({ minutes: at, nodeRssMiB, serverRssMiB, nodeHandles, databaseMiB, p99Ms }: Sample): string {
  const whole = (value: number): string => value.toFixed(0);
  return `${at.toFixed(1).padStart(6)} min  node ${whole(nodeRssMiB)} MiB, ${nodeHandles} handles; server ${whole(serverRssMiB)} MiB; database ${whole(databaseMiB)} MiB; p99 ${whole(p99Ms)} ms`;
}
