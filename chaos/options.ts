import { parseArgs } from 'node:util';
import { cluster, single } from './setups.ts';

export interface Options {
  readonly seed: number;
  readonly minutes: number;
  readonly cluster: boolean;
  readonly kinds: readonly string[];
  /** The kinds of faults that must happen. The run continues beyond its minutes until they have. */
  readonly must: readonly string[];
  readonly lanes: number;
  /** The path of the file that gets the figures, as JSON. */
  readonly json: string | undefined;
  readonly keep: boolean;
}

const kindsOf = (onCluster: boolean): string[] => Object.keys((onCluster ? cluster : single).faults);

/**
 * Kinds that must happen in every run, unless `--cases` leaves them out. The rule that a call's own ending is the record of its
 * turn rests on them.
 */
const always = ['ending-gap'];

const besides = (kinds: readonly string[], others: readonly string[]): string =>
  kinds.filter((kind) => !others.includes(kind)).join(', ');

export const help = `npm run chaos -- [--cluster] [--seed N] [--minutes M] [--cases kind,kind] [--must kind,kind]
                 [--lanes N] [--json FILE] [--keep]

Runs a mixed load on a node, a second facade and a stand-alone worker, injects faults into them and their networks at seeded
moments, and then checks from outside that every invariant holds. The exit code is 1 if one does not.

  --cluster      the same on PostgreSQL, the full Temporal server, two facades and two workers, each a process of its
                 own; needs what npm run cluster needs (docs/deployment.md), and psql
  --seed N       seed of all random decisions; a failing run prints it (default: 1)
  --minutes M    how long faults are injected, e.g. 0.5 or 10 (default: 1); the checks take extra time
  --cases LIST   only these kinds of faults, separated by commas (default: all)
  --must LIST    goes on beyond M minutes until each of these kinds has happened, and fails if one cannot be done here
                 (default: none); ${always.join(', ')} must happen in every run
  --lanes N      closed loops that make the load (default: 8)
  --json FILE    writes the figures as JSON
  --keep         keeps the evidence even if the run passes

Kinds of faults: ${kindsOf(false).join(', ')}
  ending-gap                    kills everything right after calls have ended, before their sessions have the endings
  cleanup-in-use, delete-in-use remove sessions, with or without their calls, while calls use them
  wrong-clock                   shifts the clock of one process by minutes, while it works or from its start
  disk-full, store-full         fill the disk of the database, or of the payload store
With --cluster: all of these but ${besides(kindsOf(false), kindsOf(true))}, and ${besides(kindsOf(true), kindsOf(false))}
  kill-postgres, quit-postgres  kill -9, or an immediate shutdown; PostgreSQL is restarted after some seconds and recovers
  net-postgres                  a bad network between the Temporal server and PostgreSQL
  freeze-worker                 one worker is stopped for so long that the others must take over
  passing-facade                a third facade joins and leaves again
  rolling-upgrade               workers of another HOLDFAST_BUILD_ID start, are promoted, and the old ones stop

The evidence (journal.jsonl: requests and answers; ledger.jsonl: requests that the agents received; product/: logs and
database; histories/: those that a violation names) is kept if the run fails, and its folder is printed.`;

/** Reads the command line. Returns undefined for --help. Throws an error that says which option is wrong. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cluster: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '1' },
      cases: { type: 'string' },
      must: { type: 'string' },
      lanes: { type: 'string', default: '8' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const known = kindsOf(values.cluster);
  const kinds = values.cases === undefined ? known : listOf(values.cases, known);
  const wanted = values.must === undefined ? [] : listOf(values.must, kinds);
  return {
    seed: number(values.seed, '--seed', 0),
    minutes: number(values.minutes, '--minutes', 0.05),
    cluster: values.cluster,
    kinds,
    must: [...new Set([...always.filter((kind) => kinds.includes(kind)), ...wanted])],
    lanes: number(values.lanes, '--lanes', 1),
    json: values.json,
    keep: values.keep,
  };
}

function listOf(text: string, known: readonly string[]): string[] {
  const kinds = text.split(',').map((kind) => kind.trim());
  const unknown = kinds.filter((kind) => !known.includes(kind));
  if (unknown.length > 0) throw new Error(`Unknown kind of fault: ${unknown.join(', ')}; see --help`);
  return kinds;
}

function number(text: string, option: string, min: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= min))
    throw new Error(`${option} takes a number of at least ${min}; see --help`);
  return value;
}
