/** The rows of a growth run: the same calls and reads on an empty node and on a filled one. */
import type { Histories } from '../history-counts.ts';
import { p50, perCall, type Measure } from '../measures.ts';
import { callSubject, readSubject, repeatSubject } from '../node-subjects.ts';
import type { Product } from '../product.ts';
import type { Ratio } from '../report.ts';
import type { MeasuredRow } from '../rounds.ts';
import { bootstrap } from '../stats.ts';
import type { Subject } from '../subject.ts';
import { judgeFigure, type Judged } from '../targets.ts';
import { longSessions } from './fill.ts';

export interface GrowthRow {
  readonly key: string;
  readonly title: string;
  readonly subject: Subject;
}

interface Side {
  readonly product: Product;
  readonly histories: Histories;
}

type Measured = ReadonlyMap<string, MeasuredRow>;

const kinds = [
  'call',
  'session',
  'failed-1',
  'repeat',
  'session-read',
  'health-read',
  'agents-list',
  'calls-list',
] as const;
type Kind = (typeof kinds)[number];

const titles: Readonly<Record<Kind, string>> = {
  call: 'call',
  session: 'call in a session',
  'failed-1': 'call after one failed agent',
  repeat: 'repeat of an ended call',
  'session-read': 'session read',
  'health-read': 'health read',
  'agents-list': 'agents list',
  'calls-list': 'calls list',
};

/** Rows of a session of 1,000 turns, on the full node only. They are compared with a short session on the empty node. */
const long = { call: 'session-long@full', read: 'session-read-long@full' };

/**
 * Groups the two rows of each kind, so that their calls alternate. Otherwise a moment in which the machine is slow would affect
 * only one row and distort the ratio of their medians.
 */
export function growthGroups(empty: Side, full: Side, stored: number): GrowthRow[][] {
  const row = (kind: Kind, side: Side, at: 'empty' | 'full', what: string): GrowthRow => ({
    key: `${kind}@${at}`,
    title: `${titles[kind]}, ${what}`,
    subject: subjectOf(kind, side),
  });
  const pairs = kinds.map((kind) => [
    row(kind, empty, 'empty', 'nothing stored'),
    row(kind, full, 'full', `${stored.toLocaleString('en')} stored`),
  ]);
  const longCall = {
    key: long.call,
    title: 'call in a session of 1,000 turns',
    subject: callSubject('session', full.product, full.histories, { sessions: longSessions }),
  };
  const longRead = {
    key: long.read,
    title: 'session read, 1,000 turns',
    subject: readSubject('session-read', full.product, `/api/vps/sessions/${longSessions}-0`),
  };
  // Not in a group: the work that follows their calls would slow down only the full node's row of a pair.
  return [...pairs, [longCall], [longRead]];
}

const compared: (readonly [over: string, under: string, label: string])[] = [
  ...kinds.map((kind) => [`${kind}@full`, `${kind}@empty`, titles[kind]] as const),
  [long.call, 'session@empty', 'call in a session of 1,000 turns'],
  [long.read, 'session-read@empty', 'session read, 1,000 turns'],
];

/** Computes the ratios of the sequential medians, full node to empty node. */
export function growthRatios(rows: Measured, rounds: number): Ratio[] {
  return compared.flatMap(([over, under, label]) => {
    const figure = ratioOf(rows, p50, over, under);
    return figure ? [{ label: `${label}: much stored / nothing stored`, ...bootstrap(rounds, figure) }] : [];
  });
}

/**
 * Compares the rows that have a target with it. Lists and session reads return more data on the full node, so they have a ratio
 * but no target.
 */
export function growthVerdict(rows: Measured, rounds: number): Judged[] {
  const held = compared.filter(([over]) => /^(call|session|failed-1|health-read)@|^session-long/.test(over));
  const costs = [
    ['p50', p50],
    ['server CPU', perCall('serverCpuMs')],
    ['node CPU', perCall('nodeCpuMs')],
  ] as const;
  return held.flatMap(([over, under, label]) =>
    (over.startsWith('health') ? costs.slice(0, 1) : costs).map(([what, cost]) =>
      judgeFigure(
        { what: `${what}: ${label}, much stored / nothing stored`, atMost: 1.1 },
        ratioOf(rows, cost, over, under),
        rounds,
      ),
    ),
  );
}

function ratioOf(rows: Measured, measureOf: Measure, over: string, under: string) {
  const [above, below] = [rows.get(over), rows.get(under)];
  if (!above || !below) return undefined;
  return (sample: Parameters<Measure>[1]) => measureOf(above, sample) / measureOf(below, sample);
}

function subjectOf(kind: Kind, { product, histories }: Side): Subject {
  switch (kind) {
    case 'call':
    case 'session':
    case 'failed-1':
      return callSubject(kind, product, histories);
    case 'repeat':
      return repeatSubject(product);
    default:
      return readSubject(kind, product);
  }
}
