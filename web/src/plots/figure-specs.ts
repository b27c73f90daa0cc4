/** Makes plots of figures. */
import type { FigurePercentiles, FiguresAnswer } from '../../../src/contract/figures.ts';
import { count, duration, words } from '../format.ts';
import type { Mark, PlotSeries, PlotSpec } from './plot-spec.ts';

type Interval = FiguresAnswer['intervals'][number];
type Counts = Readonly<Partial<Record<string, number>>>;

/** How many error types a plot tells apart; the others are one series. */
const mostTypes = 5;
const marks: readonly Mark[] = ['solid', 'dashed', 'dotted'];
const other = 'other';

/** Calls by outcome, stacked. */
export function outcomeSpec(figures: FiguresAnswer): PlotSpec {
  const of = (outcome: keyof Interval['calls']) => figures.intervals.map(({ calls }) => calls[outcome]);
  return {
    ...timesOf(figures),
    kind: 'stack',
    series: [
      { label: 'completed', values: of('completed'), colour: '--ok-fill', mark: 'solid' },
      { label: 'failed', values: of('failed'), colour: '--failed-fill', mark: 'dashed' },
      { label: 'cancelled', values: of('cancelled'), colour: '--plot-6', mark: 'dotted' },
    ],
    format: (value) => count(Math.round(value)),
  };
}

/** What share of the calls failed, by error type. */
export function errorSpec(figures: FiguresAnswer): PlotSpec {
  return rateSpec(figures, figures.total.errors, ({ calls, errors }) => ({ of: judgedIn(calls), errors }));
}

/** What share of the attempts at one agent failed, by error type. The figures need the agents of each interval. */
export function attemptErrorSpec(figures: FiguresAnswer, agent: string): PlotSpec {
  return rateSpec(figures, figures.total.agents[agent]?.attempt_errors ?? {}, ({ agents }) => {
    const own = agents?.[agent];
    return { of: own?.attempts ?? 0, errors: own?.attempt_errors ?? {} };
  });
}

/** Percentiles of what `pick` chooses of each interval. */
export function percentileSpec(
  figures: FiguresAnswer,
  pick: (interval: Interval) => FigurePercentiles | undefined,
): PlotSpec {
  const of = (which: 'p50' | 'p95' | 'p99') =>
    figures.intervals.map((interval) => pick(interval)?.[which] ?? null);
  return {
    ...timesOf(figures),
    kind: 'lines',
    series: [
      { label: 'p50', values: of('p50'), colour: '--plot-1', mark: 'solid' },
      { label: 'p95', values: of('p95'), colour: '--plot-2', mark: 'dashed' },
      { label: 'p99', values: of('p99'), colour: '--plot-4', mark: 'dotted' },
    ],
    format: duration,
  };
}

function rateSpec(
  figures: FiguresAnswer,
  total: Counts,
  ratesIn: (interval: Interval) => { readonly of: number; readonly errors: Counts },
): PlotSpec {
  const types = Object.keys(total).sort((a, b) => (total[b] ?? 0) - (total[a] ?? 0));
  const shown = types.length > mostTypes ? types.slice(0, mostTypes - 1) : types;
  const seriesOf = (label: string, members: readonly string[], index: number): PlotSeries => ({
    label: words(label),
    values: figures.intervals.map((interval) => {
      const { of, errors } = ratesIn(interval);
      const failed = members.reduce((sum, type) => sum + (errors[type] ?? 0), 0);
      return of === 0 ? 0 : (100 * failed) / of;
    }),
    colour: label === other ? '--plot-6' : `--plot-${index + 1}`,
    mark: marks[index % marks.length] ?? 'solid',
  });
  const series = shown.map((type, index) => seriesOf(type, [type], index));
  const rest = types.slice(shown.length);
  if (rest.length > 0) series.push(seriesOf(other, rest, series.length));
  return { ...timesOf(figures), kind: 'stack', series, format: percent };
}

function timesOf({ from, to, intervals }: FiguresAnswer): Pick<PlotSpec, 'times' | 'from' | 'to'> {
  return { times: intervals.map((one) => Date.parse(one.from)), from: Date.parse(from), to: Date.parse(to) };
}

/** How many calls there were, whatever became of them. */
export const callsIn = ({ completed, failed, cancelled }: Interval['calls']): number =>
  completed + failed + cancelled;

/** How many calls failed or were answered, which a share of failed calls is of: a cancelled call says nothing of agents. */
export const judgedIn = ({ completed, failed }: Pick<Interval['calls'], 'completed' | 'failed'>): number =>
  completed + failed;

/** What share of the calls failed, in percent; 0 if there were none. */
export const failedShare = (calls: Pick<Interval['calls'], 'completed' | 'failed'>): number =>
  (100 * calls.failed) / Math.max(1, judgedIn(calls));

/** Formats a share: `0.3 %`, `12 %`. */
export function percent(value: number): string {
  const digits = value === 0 || value >= 10 || Number.isInteger(value) ? 0 : value < 0.1 ? 2 : 1;
  return `${value.toFixed(digits)} %`;
}
