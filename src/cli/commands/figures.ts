/** The command `figures`: how calls went, by interval. */
import { Option, type Command } from 'commander';
import type { FigurePercentiles, FiguresAnswer, FigureSet } from '../../contract/figures.ts';
import { steps } from '../../domain/figures-step.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { asTime } from '../filter-options.ts';
import { note, type Cell, type Output } from '../output.ts';

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly step?: string;
  readonly agent?: string;
}

/** Declares `figures`. */
export function addFiguresCommand(program: Command): void {
  declareForNode(program, 'figures', 'show how calls went: outcomes, failovers, percentiles by interval', [
    'figures',
    'figures --from 7d --step hour --agent expert',
    'figures --from 2026-11-29 --to 2026-11-30 --json | jq .total.errors',
  ])
    .option('--from <time>', 'calls that ended at this time or later (default: 24h ago)', asTime)
    .option('--to <time>', 'calls that ended before this time (default: now)', asTime)
    .addOption(new Option('--step <step>', 'length of the intervals, by default what suits').choices(steps))
    .option('--agent <name>', 'only calls that named this agent, its attempts, and failovers to it')
    .action(withNode(figures));
}

async function figures({ client, out }: Context, { from, to, step, agent }: Options): Promise<undefined> {
  const found = await client.get<FiguresAnswer>('/figures', { from, to, step, agent });
  if (out.json) {
    out.document(found);
    return;
  }
  if (found.complete_until === null)
    note('No calls were counted yet: a minute is counted once it is complete');
  else if (found.complete_until < found.to) note(`Complete until ${found.complete_until}`);
  if (found.damaged_files.length > 0)
    note(`What these damaged files counted is missing: ${found.damaged_files.join(', ')}`);
  showIntervals(out, found);
  showAgents(out, found.total);
}

/** Intervals without calls are left out. */
function showIntervals(out: Output, { intervals, total }: FiguresAnswer): void {
  const row = (name: string, one: Omit<FigureSet, 'agents'>): Cell[] => [
    name,
    one.duration_ms.count,
    one.calls.completed,
    one.calls.failed,
    one.calls.cancelled,
    one.failovers.reduce((sum, { calls }) => sum + calls, 0),
    timesOf(one.latency_ms),
    timesOf(one.overhead_ms),
    timesOf(one.queue_wait_ms),
    countsOf(one.errors),
  ];
  out.table(
    [
      'from',
      'calls',
      'completed',
      'failed',
      'cancelled',
      'failovers',
      'agents ms',
      'overhead ms',
      'wait ms',
      'errors',
    ],
    [
      ...intervals.filter(({ duration_ms }) => duration_ms.count > 0).map((one) => row(one.from, one)),
      row('total', total),
    ],
  );
  note('ms: p50 / p95 / p99');
}

function showAgents(out: Output, { agents, failovers }: FigureSet): void {
  const answeredFor = (asked: string): string =>
    countsOf(
      Object.fromEntries(
        failovers.filter((one) => one.asked === asked).map((one) => [one.answered, one.calls]),
      ),
    );
  const rows = Object.entries(agents).map(([name, one]) => [
    name,
    one.calls.completed,
    one.calls.failed,
    one.calls.cancelled,
    answeredFor(name),
    one.attempts,
    one.tries,
    timesOf(one.latency_ms),
    countsOf(one.attempt_errors),
  ]);
  if (rows.length === 0) return;
  out.line();
  out.table(
    [
      'agent',
      'completed',
      'failed',
      'cancelled',
      'answered by',
      'attempts',
      'tries',
      'ms',
      'errors of attempts',
    ],
    rows,
  );
}

function timesOf({ count, p50, p95, p99 }: FigurePercentiles): string {
  if (count === 0) return '';
  return [p50, p95, p99].map((ms) => short(ms ?? 0)).join(' / ');
}

/** Three digits are as many as are exact. */
function short(ms: number): string {
  return ms < 100 ? String(Number(ms.toPrecision(3))) : String(Math.round(ms));
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
