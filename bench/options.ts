import { parseArgs } from 'node:util';
import { isRowName, rowNames, rowTitles, type RowName } from './row-names.ts';

/** The kinds of runs. docs/benchmarks.md has a section of figures for each kind. */
export type Kind = 'run' | 'growth' | 'nightly' | 'memory';

export interface Options {
  readonly calls: number;
  readonly rounds: number;
  readonly concurrency: readonly number[];
  readonly rows: readonly RowName[];
  /** The number of calls that are stored before the list of calls is read. */
  readonly stored: number;
  readonly kind: Kind;
  readonly json: string | undefined;
  readonly compare: string | undefined;
  readonly plot: string | undefined;
  readonly docs: boolean;
}

const longestName = Math.max(...rowNames.map((name) => name.length));

export const help = `npm run bench -- [--calls N] [--rounds N] [--concurrency N,N] [--rows NAME,NAME] [--stored N]
                 [--json FILE] [--compare OLD.json] [--plot FILE.svg] [--docs]
npm run bench -- --growth [--stored N | --nightly] [the same]
npm run bench -- --memory [--stored N] [--json FILE] [--compare OLD.json] [--docs]

Measures what a durable call costs compared with floors of the same run on the same machine. Read ratios, not milliseconds. The exit
code is 1 if a target is missed or a ratio is worse than in --compare, and 2 for wrong options.

  --calls N           calls of each row one after the other, over all rounds (default: 200)
  --rounds N          rounds, in each of which every row is measured (default: 5)
  --concurrency N,N   levels of concurrency; the targets name 16 and 64 (default: 16,64)
  --rows NAME,NAME    only these rows (default: all)
  --stored N          calls stored before the list of calls is read, or N of --growth and --memory (default: 10000)
  --growth            another run: the same calls and reads on an empty node and on one that stores N calls, as many
                      sessions, 1,000 agents and a session of 1,000 turns
  --nightly           --growth with 100,000 stored, which takes most of an hour
  --memory            another run: memory of a node per idle session, with N of them, and per call in flight
  --json FILE         writes all figures as JSON
  --compare OLD.json  prints by what factor the ratios differ from that run of the same kind, and which are better or worse
  --plot FILE.svg     draws medians as bars, with p95
  --docs              writes the tables into docs/benchmarks.md and the plot into docs/benchmarks.svg
  --help

Rows:
${rowNames.map((name) => `  ${name.padEnd(longestName)}  ${rowTitles[name]}`).join('\n')}

A run takes a quarter of an hour on two cores. A quick one: --calls 50 --rounds 2 --concurrency 16 --stored 0.`;

/** Parses the command line. Returns undefined for --help. Throws an error that says which option is wrong. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      calls: { type: 'string', default: '200' },
      rounds: { type: 'string', default: '5' },
      concurrency: { type: 'string', default: '16,64' },
      rows: { type: 'string', default: rowNames.join(',') },
      stored: { type: 'string' },
      growth: { type: 'boolean', default: false },
      nightly: { type: 'boolean', default: false },
      memory: { type: 'boolean', default: false },
      json: { type: 'string' },
      compare: { type: 'string' },
      plot: { type: 'string' },
      docs: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  if (values.nightly && values.stored !== undefined)
    throw new Error('--nightly says itself how much is stored: leave --stored away; see --help');
  const growth = values.growth || values.nightly;
  if (growth && values.memory)
    throw new Error('--memory is a run of its own: leave --growth away; see --help');
  const rounds = whole(values.rounds, '--rounds', 1);
  return {
    calls: whole(values.calls, '--calls', rounds),
    rounds,
    concurrency: listed(values.concurrency).map((text) => whole(text, '--concurrency', 2)),
    rows: rowsOf(values.rows),
    stored: values.nightly ? 100_000 : whole(values.stored ?? '10000', '--stored', 0),
    kind: values.memory ? 'memory' : values.nightly ? 'nightly' : growth ? 'growth' : 'run',
    json: values.json,
    compare: values.compare,
    plot: values.plot,
    docs: values.docs,
  };
}

/** Parses `--rows`: returns the chosen rows in the order of the table. Throws for an unknown name or an empty list. */
function rowsOf(text: string): RowName[] {
  const wanted = listed(text);
  const unknown = wanted.filter((name) => !isRowName(name));
  if (unknown.length > 0) throw new Error(`No such row: ${unknown.join(', ')}; see --help`);
  if (wanted.length === 0) throw new Error('--rows names no row; see --help');
  return rowNames.filter((name) => wanted.includes(name));
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** Parses an integer option. Throws an error for the user if `text` is not an integer of at least `min`. */
export function whole(text: string, option: string, min: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < min)
    throw new Error(`${option} takes a whole number from ${min}, not '${text}'; see --help`);
  return value;
}
