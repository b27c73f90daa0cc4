/** What a plot shows, apart from how it is drawn. */

/** How a series is told apart without its colour: its bars are filled, or its line is dashed, in another way. */
export type Mark = 'solid' | 'dashed' | 'dotted';

/** One series of a plot. */
export interface PlotSeries {
  readonly label: string;
  /** One value for each time of the plot. null: nothing was measured. */
  readonly values: readonly (number | null)[];
  /** The CSS variable of its colour. */
  readonly colour: `--${string}`;
  readonly mark: Mark;
}

/** A plot over time. Times are epoch ms. */
export interface PlotSpec {
  /** `stack`: bars, the first series at the bottom. `lines`: one line for each series. */
  readonly kind: 'stack' | 'lines';
  /** The starts of the intervals, oldest first. */
  readonly times: readonly number[];
  /** The range of the axis of time. */
  readonly from: number;
  readonly to: number;
  readonly series: readonly PlotSeries[];
  /** Formats a value with its unit. */
  readonly format: (value: number) => string;
}

/** Returns the values of an interval in words: `completed 12, failed 1`. */
export function valuesAt({ series, format }: PlotSpec, index: number): string {
  return series.map(({ label, values }) => `${label} ${textOf(values[index] ?? null, format)}`).join(', ');
}

/** Formats a value of a series; a dash if nothing was measured. */
export const textOf = (value: number | null, format: PlotSpec['format']): string =>
  value === null ? '–' : format(value);

/** Whether any series has a value in the interval that is not 0. */
export function hasValues({ series }: PlotSpec, index: number): boolean {
  return series.some(({ values }) => (values[index] ?? 0) !== 0);
}
