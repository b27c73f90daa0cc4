/** What `npm run bench` takes. */
import { parseArgs } from 'node:util';

export const usage = `npm run bench -- [options]

Measures what a durable call costs, beside floors measured in the same run. docs/benchmarks.md says how and what not.

  --rows A,B           only the rows whose names contain A or B (the floor is always measured)
  --calls N            calls per row and concurrency (240)
  --rounds N           rounds that the rows take turns in (6)
  --concurrency A,B    beside one after the other (16,64)
  --growth             the cost by what is stored, and memory, instead; takes a while
  --stored N           calls and sessions stored for --growth (10000; nightly: 100000)
  --json FILE          all figures
  --compare FILE       beside those of an earlier run: ratios to the floor, then and now
  --plot FILE          an SVG of the latencies
  --docs               writes tables and plot into docs/
  --help`;

export interface BenchOptions {
  readonly rows: readonly string[];
  readonly calls: number;
  readonly rounds: number;
  readonly concurrency: readonly number[];
  readonly growth: boolean;
  readonly stored: number;
  readonly json: string | undefined;
  readonly compare: string | undefined;
  readonly plot: string | undefined;
  readonly docs: boolean;
}

/** Undefined: help was asked for. Throws an `Error` that names the option and what it takes. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { ...text, default: '' },
      calls: { ...text, default: '240' },
      rounds: { ...text, default: '6' },
      concurrency: { ...text, default: '16,64' },
      growth: { type: 'boolean', default: false },
      stored: { ...text, default: '10000' },
      json: text,
      compare: text,
      plot: text,
      docs: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    rows: values.rows.split(',').filter((row) => row !== ''),
    calls: whole('calls', values.calls),
    rounds: whole('rounds', values.rounds),
    concurrency: values.concurrency.split(',').map((one) => whole('concurrency', one)),
    growth: values.growth,
    stored: whole('stored', values.stored),
    json: values.json,
    compare: values.compare,
    plot: values.plot,
    docs: values.docs,
  };
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} takes whole numbers from 1, not "${text}"`);
  return number;
}
