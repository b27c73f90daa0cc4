/** `--docs`: writes the figures of a run between the markers of docs/benchmarks.md, verdict first, and the plot beside it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../src/platform/paths.ts';
import type { Kind } from './options.ts';
import { plot } from './plot.ts';
import type { Report } from './report.ts';
import { forMarkdown, tablesOf } from './tables.ts';

const docs = join(packageRoot, 'docs');

export async function writeDocs(report: Report, name: Kind): Promise<void> {
  const path = join(docs, 'benchmarks.md');
  await writeFile(path, withFigures(await readFile(path, 'utf8'), name, figuresOf(report, name)));
  if (name === 'run') await writeFile(join(docs, 'benchmarks.svg'), plot(report));
}

/** Returns `text` with the part between `<!-- bench: NAME -->` and `<!-- end -->` replaced. Throws if there is no such part. */
export function withFigures(text: string, name: string, figures: string): string {
  const place = new RegExp(`(<!-- bench: ${name} -->\\n)[^]*?(<!-- end -->)`);
  if (!place.test(text))
    throw new Error(
      `There is no place for figures called ${name}: write <!-- bench: ${name} --> and <!-- end --> on lines of their own`,
    );
  return text.replace(place, (_all, begin: string, end: string) => `${begin}\n${figures}\n\n${end}`);
}

function figuresOf(report: Report, name: Kind): string {
  const { machine, plan, at } = report;
  const [day = ''] = at.split('T');
  return [
    `${machine.cores} cores (${machine.cpu}), Node ${machine.node}, ${day}${name === 'memory' ? '' : `: ${plan.calls} calls of each row in sequence, ${plan.rounds} rounds`}.`,
    ...(name === 'run' ? ['![Median latency of each row, with p95](benchmarks.svg)'] : []),
    ...(report.failures ?? []),
    ...tablesOf(report).reverse().map(forMarkdown),
  ].join('\n\n');
}
