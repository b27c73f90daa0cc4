/**
 * `npm run bench`: what a durable call costs beside floors measured in the same run on the same machine. Rounds are
 * interleaved, so that a slow moment hits every row. docs/benchmarks.md says what this does not measure.
 *
 *   npm run bench -- --calls 200 --rounds 4 --concurrency 16 --json bench.json
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { figures, ratioInterval, type Figures } from './stats.ts';
import { startSubjects, type Subject } from './subjects.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '4' },
    concurrency: { type: 'string', default: '16' },
    json: { type: 'string' },
  },
});
const calls = Number(values.calls);
const rounds = Number(values.rounds);
const concurrency = Number(values.concurrency);

interface Measured {
  readonly sequential: number[];
  readonly concurrent: number[];
  concurrentMs: number;
}

const { subjects, stop } = await startSubjects();
try {
  const measured = new Map<Subject, Measured>();
  for (const subject of subjects) {
    measured.set(subject, { sequential: [], concurrent: [], concurrentMs: 0 });
    await run(subject, Math.min(30, calls), 1);
    await run(subject, Math.min(30, calls), concurrency);
  }
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    for (const [subject, into] of measured) {
      into.sequential.push(...(await run(subject, Math.ceil(calls / rounds), 1)));
      const startedAt = performance.now();
      into.concurrent.push(...(await run(subject, Math.ceil(calls / rounds), concurrency)));
      into.concurrentMs += performance.now() - startedAt;
    }
  }
  report(measured);
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(asJson(measured), undefined, 2));
} finally {
  await stop();
}
process.exit(0);

/** Durations in ms of `count` calls, `parallel` at a time. */
async function run({ call }: Subject, count: number, parallel: number): Promise<number[]> {
  const durations: number[] = [];
  let left = count;
  const lane = async (index: number): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const startedAt = performance.now();
      await call(index);
      durations.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, index) => lane(index)));
  return durations;
}

function report(measured: ReadonlyMap<Subject, Measured>): void {
  const table = new Table({
    head: [
      'ms',
      'p50',
      'p95',
      'p99',
      `p50 at ${concurrency}`,
      `p99 at ${concurrency}`,
      `calls/s at ${concurrency}`,
    ],
    style: { head: [], border: [] },
  });
  for (const [{ name }, { sequential, concurrent, concurrentMs }] of measured) {
    const one = figures(sequential);
    const many = figures(concurrent);
    const perSecond = (concurrent.length * 1_000) / concurrentMs;
    table.push([
      name,
      ...[one.p50, one.p95, one.p99, many.p50, many.p99].map((ms) => ms.toFixed(1)),
      perSecond.toFixed(0),
    ]);
  }
  console.log(table.toString());
  console.log('\nRatios of sequential medians, with 95 % bootstrap intervals:');
  for (const { label, ratio, low, high } of ratios(measured))
    console.log(`  ${label.padEnd(60)} ${ratio.toFixed(2)}  [${low.toFixed(2)}, ${high.toFixed(2)}]`);
}

function ratios(measured: ReadonlyMap<Subject, Measured>) {
  const of = (name: string): readonly number[] =>
    [...measured].find(([subject]) => subject.name === name)?.[1].sequential ?? [];
  const pairs: [string, string][] = [
    ['call', 'bare eager activity'],
    ['call', 'stock Temporal app, server and all'],
    ['call', 'stock Temporal app on our server'],
    ['call in a session', 'bare eager activity'],
    ['call in a session', 'stock Temporal app, server and all'],
    ['call after one failed agent', 'bare eager activity'],
    ['call after two failed agents', 'bare eager activity'],
  ];
  return pairs.map(([over, under]) => ({
    label: `${over} / ${under}`,
    ...ratioInterval(of(over), of(under)),
  }));
}

function asJson(measured: ReadonlyMap<Subject, Measured>) {
  const rows: Record<string, { sequential: Figures; concurrent: Figures; callsPerSecond: number }> = {};
  for (const [{ name }, { sequential, concurrent, concurrentMs }] of measured)
    rows[name] = {
      sequential: figures(sequential),
      concurrent: figures(concurrent),
      callsPerSecond: (concurrent.length * 1_000) / concurrentMs,
    };
  return { node: process.version, calls, rounds, concurrency, rows, ratios: ratios(measured) };
}
