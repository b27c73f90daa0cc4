/**
 * `npm run bench` measures what a durable call costs, compared with floors that are measured in the same run on the same
 * machine. stage.ts starts what the rows need, rounds.ts measures, report.ts and targets.ts judge, tables.ts prints.
 * docs/benchmarks.md says what the benchmark does not measure.
 */
import { writeFile } from 'node:fs/promises';
import { compare, readReport, type Comparison } from './compare.ts';
import { help, readOptions, type Options } from './options.ts';
import { plot } from './plot.ts';
import type { Report } from './report.ts';
import { runGrowth } from './growth/run.ts';
import { runMemory } from './memory/run.ts';
import { runBench } from './run.ts';
import { comparisonTable, forTerminal, tablesOf } from './tables.ts';
import type { Judged } from './targets.ts';
import { writeDocs } from './write-docs.ts';

const options = optionsOrExit();
const before = options.compare === undefined ? undefined : await readReport(options.compare).catch(exitWith);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const result = await { run: runBench, growth: runGrowth, nightly: runGrowth, memory: runMemory }[
  options.kind
](options, progress);
const comparisons = before ? compare(before, result) : [];
print(result, comparisons);
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
if (options.plot !== undefined) await writeFile(options.plot, plot(result));
if (options.docs) await writeDocs(result, options.kind);
const { verdict, failures = [] } = result;
const isBad =
  failures.length > 0 || verdict.some(isMissed) || comparisons.some(({ change }) => change === 'worse');
process.exit(isBad ? 1 : 0);

function optionsOrExit(): Options {
  try {
    const read = readOptions(process.argv.slice(2));
    if (read) return read;
  } catch (error) {
    exitWith(error);
  }
  console.log(help);
  process.exit(0);
}

function exitWith(error: unknown): never {
  console.error((error as Error).message);
  process.exit(2);
}

function print(report: Report, comparisons: readonly Comparison[]): void {
  const { machine, plan } = report;
  console.log(
    `${machine.cores} x ${machine.cpu}, Node ${machine.node}, load before ${machine.loadBefore.toFixed(1)}; ${plan.calls} calls of each row in sequence, ${plan.rounds} rounds\n`,
  );
  for (const table of tablesOf(report)) console.log(forTerminal(table));
  if (comparisons.length > 0) console.log(forTerminal(comparisonTable(comparisons)));
  for (const failure of report.failures ?? []) console.log(failure);
  if (report.verdict.some(isMissed))
    console.log(
      'Which targets no machine meets, and the proofs: docs/performance.md, "Targets that are missed, and why".',
    );
}

function isMissed({ status }: Judged): boolean {
  return status.startsWith('missed');
}

function progress(text: string): void {
  const line = `${Math.round(performance.now() / 1_000)} s  ${text}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
  else console.error(line);
}
