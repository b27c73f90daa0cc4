/** A run in tables: for the terminal, and as Markdown for the docs. */
import Table from 'cli-table3';
import type { Results, RowResult } from './results.ts';
import { isMet, type Target } from './verdict.ts';

type Cells = readonly string[];
export interface Grid {
  readonly head: Cells;
  readonly lines: readonly Cells[];
}

export function forTerminal({ head, lines }: Grid): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...lines.map((line) => [...line]));
  return table.toString();
}

export function asMarkdown({ head, lines }: Grid): string {
  const line = (cells: Cells): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...lines.map(line)].join('\n');
}

export function latencies({ rows }: Results): Grid {
  const concurrencies = Object.keys(rows[0]?.byConcurrency ?? {});
  const [first = '1', ...others] = concurrencies;
  return {
    head: ['ms', 'p50', 'p95', 'p99', ...others.flatMap((many) => [`p50 at ${many}`, `p99 at ${many}`])],
    lines: rows.map(({ name, byConcurrency }) => [
      name,
      ...['p50', 'p95', 'p99'].map((key) => ms(byConcurrency[first]?.[key as 'p50'])),
      ...others.flatMap((many) => [ms(byConcurrency[many]?.p50), ms(byConcurrency[many]?.p99)]),
    ]),
  };
}

export function costs({ rows }: Results): Grid {
  const concurrencies = Object.keys(rows[0]?.byConcurrency ?? {});
  const most = concurrencies.at(-1) ?? '1';
  return {
    head: [
      'per call',
      ...concurrencies.map((many) => `calls/s at ${many}`),
      'CPU ms',
      "server's CPU ms",
      'database kB',
      'events',
      'workflow tasks',
    ],
    lines: rows.map((row) => [
      row.name,
      ...concurrencies.map((many) => whole(row.byConcurrency[many]?.callsPerSecond)),
      ms(row.byConcurrency[most]?.nodeCpuMs),
      ms(row.byConcurrency[most]?.serverCpuMs),
      ms(kilobytes(row, most)),
      whole(row.shape?.events),
      whole(row.shape?.workflowTasks),
    ]),
  };
}

export function toFloor({ rows }: Results): Grid {
  return {
    head: ['to the floor', 'p50', '95 % interval', 'calls/s', '95 % interval'],
    lines: rows.flatMap(({ name, toFloor: ratio }) =>
      ratio === null
        ? []
        : [
            [
              name,
              ...[ratio.p50, ratio.callsPerSecond].flatMap(({ ratio: value, low, high }) => [
                value.toFixed(2),
                `${low.toFixed(2)} to ${high.toFixed(2)}`,
              ]),
            ],
          ],
    ),
  };
}

export function verdict(targets: readonly Target[]): Grid {
  const told = { true: 'met', false: 'missed', undefined: 'not measured' } as const;
  return {
    head: ['target', 'bound', 'measured', ''],
    lines: targets.map((target) => {
      const { what, bound, value, unit = '' } = target;
      const limit = 'atMost' in bound ? `<= ${bound.atMost}` : `>= ${bound.atLeast}`;
      const measured = Number.isNaN(value) ? '-' : value.toFixed(2);
      return [what, `${limit} ${unit}`.trim(), `${measured} ${unit}`.trim(), told[`${isMet(target)}`]];
    }),
  };
}

/** Of rows that write; a reading row's growth is another's. */
function kilobytes({ shape, byConcurrency }: RowResult, most: string): number | null {
  const bytes = byConcurrency[most]?.databaseBytes ?? null;
  return shape === null || bytes === null ? null : bytes / 1_000;
}

function ms(value: number | null | undefined): string {
  return value == null || Number.isNaN(value) ? '-' : value.toFixed(1);
}

function whole(value: number | null | undefined): string {
  return value == null ? '-' : value.toFixed(0);
}
