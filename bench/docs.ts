/** Writes a run into docs/benchmarks.md, between its markers, and its plot beside it. */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/platform/paths.ts';
import { plotOf } from './plot.ts';
import type { Results } from './results.ts';
import { asMarkdown, costs, latencies, toFloor, verdict, type Grid } from './tables.ts';
import type { Target } from './verdict.ts';

const page = join(packageRoot, 'docs', 'benchmarks.md');
const plot = join(packageRoot, 'docs', 'benchmarks.svg');

export async function writeDocs(results: Results, targets: readonly Target[]): Promise<void> {
  const { calls, rounds, node } = results;
  const machine = `${availableParallelism()} cores, Node ${node}, ${calls} calls per row and concurrency in ${rounds} rounds.`;
  const tables = [verdict(targets), latencies(results), costs(results), toFloor(results)].map(asMarkdown);
  await replaceBetween('run', [machine, ...tables].join('\n\n'));
  await writeFile(plot, plotOf(results, 'One after the other: median and p95'));
}

export function writeGrowth(grids: readonly Grid[]): Promise<void> {
  return replaceBetween('growth', grids.map(asMarkdown).join('\n\n'));
}

async function replaceBetween(name: string, content: string): Promise<void> {
  const text = await readFile(page, 'utf8');
  const between = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
  if (!between.test(text)) throw new Error(`${page} has no <!-- ${name} --> and <!-- /${name} -->`);
  await writeFile(
    page,
    text.replace(between, (_, open: string, close: string) => `${open}\n${content}\n${close}`),
  );
}
