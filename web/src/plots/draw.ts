/** Draws plots with uPlot. It is loaded with the first plot, and not with the desk. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { timeZone } from '../time-zone.ts';
import { colourOf, dashOf, fillOf } from './plot-colours.ts';
import type { PlotSeries, PlotSpec } from './plot-spec.ts';
import { axisTime, isByDay } from './plot-times.ts';

/** A drawn plot. */
export interface Drawing {
  /** Shows other values of the same series. */
  readonly update: (spec: PlotSpec) => void;
  readonly resize: (width: number) => void;
  /** Moves the cursor to an interval; undefined hides it. */
  readonly point: (index: number | undefined) => void;
  readonly remove: () => void;
}

const heightPx = 190;
const hidden = -10;
const daySeconds = 86_400;

/** Draws a plot into an element. `onPoint` is called with the interval at the pointer. */
export function draw(
  host: HTMLElement,
  first: PlotSpec,
  onPoint: (index: number | undefined) => void,
): Drawing {
  let spec = first;
  const plot = new uPlot(
    optionsOf(host, () => spec, onPoint),
    dataOf(spec),
    host,
  );
  return {
    update: (next) => {
      spec = next;
      plot.setData(dataOf(next));
    },
    resize: (width) => plot.setSize({ width, height: heightPx }),
    point: (index) => {
      const at = index === undefined ? undefined : plot.data[0][index];
      const left = at === undefined ? hidden : plot.valToPos(at, 'x') + 1;
      plot.setCursor({ left, top: hidden });
    },
    remove: () => plot.destroy(),
  };
}

function optionsOf(
  host: HTMLElement,
  spec: () => PlotSpec,
  onPoint: (index: number | undefined) => void,
): uPlot.Options {
  const { kind, series } = spec();
  const axis: uPlot.Axis = {
    stroke: colourOf(host, '--muted'),
    grid: { stroke: colourOf(host, '--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${getComputedStyle(host).fontFamily}`,
  };
  return {
    tzDate: (seconds) => dateOf(seconds * 1_000),
    width: host.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: kind === 'lines' } },
    scales: {
      x: { range: () => [spec().from / 1_000, spec().to / 1_000] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        ...(isByDay(spec()) && { incrs: [daySeconds, 2 * daySeconds] }),
        values: (_plot, splits) => splits.map((seconds) => axisTime(seconds * 1_000, spec())),
        space: 64,
      },
      {
        ...axis,
        size: 64,
        space: 36,
        values: (_plot, splits) => splits.map((value) => spec().format(value)),
      },
    ],
    series: [{}, ...series.map((one) => (kind === 'stack' ? barOf(host, one) : lineOf(host, one))).reverse()],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
  };
}

/** A date whose parts are those of the time zone that was chosen: ticks are put where its hours and days begin. */
function dateOf(ms: number): Date {
  return timeZone.value === 'utc' ? uPlot.tzDate(new Date(ms), 'Etc/UTC') : new Date(ms);
}

function barOf(host: HTMLElement, { label, colour, mark }: PlotSeries): uPlot.Series {
  const stroke = colourOf(host, colour);
  return {
    label,
    stroke,
    width: 1 / devicePixelRatio,
    fill: fillOf(mark, stroke, colourOf(host, '--surface')),
    ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.9, 40], align: 1 }) }),
    points: { show: false },
  };
}

function lineOf(host: HTMLElement, { label, colour, mark }: PlotSeries): uPlot.Series {
  const stroke = colourOf(host, colour);
  return { label, stroke, width: 2, dash: dashOf(mark), points: { size: 5, fill: stroke } };
}

/** Returns the columns as uPlot takes them. Of a stack, the whole is drawn first, and then the parts below over it. */
function dataOf({ kind, times, series }: PlotSpec): uPlot.AlignedData {
  const seconds = times.map((ms) => ms / 1_000);
  if (kind === 'lines') return [seconds, ...series.map(({ values }) => [...values]).reverse()];
  const sums = times.map(() => 0);
  const stacked = series.map(({ values }) =>
    values.map((value, index) => (sums[index] = (sums[index] ?? 0) + (value ?? 0))),
  );
  return [seconds, ...stacked.reverse()];
}
