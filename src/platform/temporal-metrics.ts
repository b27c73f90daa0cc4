/**
 * The Temporal SDK's own metrics, for the same page as Holdfast's. The SDK keeps its updates in a buffer, which is emptied ten
 * times a second: its other exporter would open a port that needs no key.
 */
import type { Metric, MetricTags } from '@temporalio/common';
import { MetricsBuffer } from '@temporalio/worker';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { temporalMetricTable, type TemporalMetricRow } from './temporal-metric-table.ts';

/** How many updates the buffer takes. A call makes about 30, so this is enough for seconds in which nothing empties it. */
const maxBufferSize = 100_000;
const emptyEveryMs = 100;

/** Takes one update of a metric with certain labels. */
type Series = (value: number) => void;
type Labels = Record<string, string>;

interface Exported {
  /** Returns the series with these labels. It is asked once for each. */
  readonly seriesOf: (labels: Labels) => Series;
  readonly labels: readonly string[];
  readonly byLabels: Map<string, Series>;
}

export class TemporalMetrics {
  readonly buffer = new MetricsBuffer({ maxBufferSize, useSecondsForDurations: true });
  readonly registry = new Registry();
  /** By the SDK's name. */
  private readonly exported: ReadonlyMap<string, Exported>;
  /** The SDK mostly uses the same objects again, so that most updates need no look at their labels. Null: not exported. */
  private readonly known = new WeakMap<Metric, WeakMap<MetricTags, Series> | null>();

  constructor() {
    this.exported = new Map(
      Object.entries(temporalMetricTable).map(([name, row]) => [sdkName(name, row), this.export(name, row)]),
    );
  }

  /** Begins to empty the buffer, for as long as the process runs. */
  start(): void {
    setInterval(() => this.empty(), emptyEveryMs).unref();
  }

  /** Takes over what the SDK has counted since the last time. */
  empty(): void {
    for (const { metric, attributes, value } of this.buffer.retrieveUpdates())
      this.seriesOf(metric, attributes)?.(value);
  }

  private seriesOf(metric: Metric, tags: MetricTags): Series | undefined {
    let known = this.known.get(metric);
    if (known === undefined) {
      known = this.exported.has(metric.name) ? new WeakMap() : null;
      this.known.set(metric, known);
    }
    const exported = known && this.exported.get(metric.name);
    if (!known || !exported) return undefined;
    const series = known.get(tags) ?? seriesWith(exported, tags);
    known.set(tags, series);
    return series;
  }

  private export(name: string, row: TemporalMetricRow): Exported {
    const { type, help, labels } = row;
    const options = { name, help, labelNames: labels, registers: [this.registry] };
    return { labels, byLabels: new Map(), seriesOf: seriesMaker(type, options) };
  }
}

function seriesWith({ labels, byLabels, seriesOf }: Exported, tags: MetricTags): Series {
  const values = Object.fromEntries(labels.map((label) => [label, String(tags[label] ?? '')]));
  const key = JSON.stringify(Object.values(values));
  const series = byLabels.get(key) ?? seriesOf(values);
  byLabels.set(key, series);
  return series;
}

/** The name without what Prometheus adds to it. */
function sdkName(name: string, { type }: TemporalMetricRow): string {
  return name.replace(type === 'counter' ? /_total$/ : /_seconds$/, '');
}

interface Options {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: Registry[];
}

/** Counters and gauges are summed up in plain numbers, which are read when somebody asks. */
function seriesMaker(type: TemporalMetricRow['type'], options: Options): (labels: Labels) => Series {
  if (type === 'histogram') {
    const histogram = new Histogram({
      ...options,
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
    });
    return (labels) => (value) => histogram.observe(labels, value);
  }
  const all: { readonly labels: Labels; value: number }[] = [];
  const add = (labels: Labels) => {
    const one = { labels, value: 0 };
    all.push(one);
    return one;
  };
  if (type === 'counter') {
    new Counter({
      ...options,
      collect() {
        this.reset();
        for (const { labels, value } of all) this.inc(labels, value);
      },
    });
    return (labels) => {
      const one = add(labels);
      return (value) => (one.value += value);
    };
  }
  new Gauge({
    ...options,
    collect() {
      for (const { labels, value } of all) this.set(labels, value);
    },
  });
  return (labels) => {
    const one = add(labels);
    return (value) => (one.value = value);
  };
}

/** Those of this process. The SDK has one runtime for all its connections and workers. */
export const temporalMetrics = new TemporalMetrics();
