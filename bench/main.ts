/**
 * `npm run bench`: what a durable call costs beside floors measured in the same run on the same machine, and whether the
 * targets are met. docs/benchmarks.md says how it measures and what it does not.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { comparison } from './compare.ts';
import { writeDocs } from './docs.ts';
import { handlerTotals, meanMs } from './handler-times.ts';
import { readOptions, usage, type BenchOptions } from './options.ts';
import { plotOf } from './plot.ts';
import { resultsOf, type Results } from './results.ts';
import { measure } from './rounds.ts';
import { shapesOf } from './shape.ts';
import { rows, startBench } from './subjects.ts';
import { costs, forTerminal, latencies, toFloor, verdict } from './tables.ts';
import { isMet, verdictOf } from './verdict.ts';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

try {
  const options = readOptions(process.argv.slice(2));
  if (!options) console.log(usage);
  else await run(options);
  process.exit(0);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

async function run(options: BenchOptions): Promise<void> {
  const { calls, rounds, concurrency } = options;
  const wanted = (row: string): boolean =>
    options.rows.length === 0 || row === rows.floor || options.rows.some((part) => row.includes(part));
  const bench = await startBench(wanted);
  try {
    const before = await handlerTotals(bench.product);
    const plan = { calls, rounds, concurrencies: [1, ...concurrency], say };
    const measured = await measure(bench.subjects, plan);
    const after = await handlerTotals(bench.product);
    const shapes = await shapesOf(bench.subjects, bench.product.temporalAddress);
    const results = resultsOf(measured, shapes, options);
    const targets = verdictOf(results, {
      session: meanMs(before, after, 'GET /api/vps/sessions/{id}'),
      health: meanMs(before, after, 'GET /api/vps/health/{agent}'),
    });
    for (const grid of [latencies(results), costs(results), toFloor(results), verdict(targets)])
      console.log(forTerminal(grid));
    const missed = targets.filter((target) => isMet(target) === false).length;
    console.log(missed === 0 ? 'Every target that was measured is met.' : `${missed} targets are missed.`);
    await keep(results, options);
    if (options.docs) await writeDocs(results, targets);
  } finally {
    await bench.stop();
  }
}

async function keep(results: Results, { json, compare, plot }: BenchOptions): Promise<void> {
  if (compare !== undefined) {
    const earlier = JSON.parse(await readFile(compare, 'utf8')) as Results;
    console.log(forTerminal(comparison(results, earlier)));
  }
  if (json !== undefined) await writeFile(json, JSON.stringify(results, undefined, 2));
  if (plot !== undefined) await writeFile(plot, plotOf(results, 'One after the other: median and p95'));
}
