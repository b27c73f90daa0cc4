/**
 * `npm run soak`: constant load on a node for a while; then whether memory, handles, database and latency stayed as
 * they were. Exit code 1 if anything grew beyond its limit.
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
import { judge } from './verdict.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    rate: { type: 'string', default: '8' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run soak -- [--minutes 20] [--rate 8] [--json FILE]

  --minutes M   how long the load lasts
  --rate R      calls begun per second: without a session, in sessions, and failing over
  --json FILE   samples and verdict`);
  process.exit(0);
}
const minutes = Number(values.minutes);
const rate = Number(values.rate);
if (!(minutes > 0) || !(rate > 0)) throw new Error('--minutes and --rate take numbers above 0');

const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-soak-'));
const product = await startProduct(dataDir);
const load = await startLoad(product.url, rate);
const samples: Sample[] = [];
try {
  const subjects = { nodePid: product.pid, serverPid: serverPidOf(dataDir), dataDir };
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
} finally {
  await load.stop();
  await product.stop();
  await rm(dataDir, { recursive: true, force: true });
}

const verdicts = judge(samples, load.totals());
const table = new Table({ head: ['what', 'measured', 'limit', ''], style: { head: [], border: [] } });
for (const { what, measured, limit, ok } of verdicts)
  table.push([what, measured.toFixed(2), limit, ok ? 'ok' : 'TOO MUCH']);
console.log(table.toString());
console.log(`${load.totals().calls} calls in ${minutes} minutes`);
if (values.json !== undefined)
  await writeFile(values.json, JSON.stringify({ samples, verdicts }, undefined, 2));
process.exit(verdicts.every(({ ok }) => ok) ? 0 : 1);

function line({ minutes: at, nodeRssMiB, serverRssMiB, nodeHandles, databaseMiB, p99Ms }: Sample): string {
  const whole = (value: number): string => value.toFixed(0);
  return `${at.toFixed(1).padStart(6)} min  node ${whole(nodeRssMiB)} MiB, ${nodeHandles} handles; server ${whole(serverRssMiB)} MiB; database ${whole(databaseMiB)} MiB; p99 ${whole(p99Ms)} ms`;
}
