import { parseArgs } from 'node:util';
import { faultKinds, isFaultKind, type FaultKind } from './faults/schedule.ts';

export interface Options {
  readonly seed: number;
  readonly minutes: number;
  readonly kinds: readonly FaultKind[];
  readonly lanes: number;
  /** Where the figures are written as JSON. */
  readonly json: string | undefined;
  readonly keep: boolean;
}

export const help = `npm run chaos -- [--seed N] [--minutes M] [--cases kind,kind] [--lanes N] [--json FILE] [--keep]

Puts a mixed load on a node, a second facade and a stand-alone worker, breaks them and their networks at seeded
moments, and then checks from outside that every invariant holds. Exit code 1 when one does not.

  --seed N       which decisions are made; a failing run prints its own (default: 1)
  --minutes M    how long faults are injected, e.g. 0.5 or 10 (default: 1); the checks come on top
  --cases LIST   only these kinds of faults, separated by commas (default: all)
  --lanes N      closed loops that make the load (default: 8)
  --json FILE    the figures as JSON
  --keep         keeps the evidence of a run that passes too

Kinds of faults: ${faultKinds.join(', ')}
  cleanup-in-use, delete-in-use remove sessions, with their calls or without, while calls come in them
  wrong-clock                   puts the clock of one process wrong by up to ten minutes, while it works or from its start
  disk-full, store-full         leave no room for the database, or for large prompts and answers

The evidence (journal.jsonl: what was asked and told; ledger.jsonl: what the agents were asked; product/: logs and
database; histories/: those that break an invariant) is kept when a run fails, and its folder printed.`;

/** Undefined: help was asked for. Throws with what is wrong. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '1' },
      cases: { type: 'string', default: faultKinds.join(',') },
      lanes: { type: 'string', default: '8' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const named = values.cases.split(',').map((kind) => kind.trim());
  const unknown = named.filter((kind) => !isFaultKind(kind));
  if (unknown.length > 0) throw new Error(`No such kind of fault: ${unknown.join(', ')}; see --help`);
  return {
    seed: number(values.seed, '--seed', 0),
    minutes: number(values.minutes, '--minutes', 0.05),
    kinds: named.filter(isFaultKind),
    lanes: number(values.lanes, '--lanes', 1),
    json: values.json,
    keep: values.keep,
  };
}

function number(text: string, option: string, min: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= min))
    throw new Error(`${option} takes a number from ${min}; see --help`);
  return value;
}
