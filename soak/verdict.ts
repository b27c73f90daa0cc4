/** Judges a run: compares figures such as the growth of memory per minute with their limits. Slopes leave the warm-up out. */
import type { Sample } from './samples.ts';

/** The share of a run, at its beginning, that counts as warm-up: caches and pools still fill. */
const warmUpShare = 0.3;

export interface Verdict {
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  readonly ok: boolean;
}

export function judge(samples: readonly Sample[], load: { calls: number; failed: number }): Verdict[] {
  const [first] = samples;
  const steady = samples.slice(Math.floor(samples.length * warmUpShare));
  const grownMiB = (samples.at(-1)?.databaseMiB ?? 0) - (first?.databaseMiB ?? 0);
  const half = Math.floor(steady.length / 2);
  const p99 = (part: readonly Sample[]): number => median(part.map((one) => one.p99Ms));
  return [
    limited('calls that did not succeed', load.failed, 0),
    limited(
      'memory of the node, MiB/min',
      slope(steady, (one) => one.nodeRssMiB),
      4,
    ),
    limited(
      'memory of the server, MiB/min',
      slope(steady, (one) => one.serverRssMiB),
      8,
    ),
    limited(
      'open handles of the node, 1/min',
      slope(steady, (one) => one.nodeHandles),
      0.5,
    ),
    limited('database, kB per call', (grownMiB * 1_024) / load.calls, 60),
    limited('p99, second half / first half', p99(steady.slice(half)) / p99(steady.slice(0, half)), 1.5),
  ];
}

export function limited(what: string, measured: number, limit: number): Verdict {
  return { what, measured, limit, ok: measured <= limit };
}

/** The slope of a figure over time by least squares, in units of the figure per minute. */
export function slope(samples: readonly Sample[], of: (one: Sample) => number): number {
  const meanX = mean(samples.map((one) => one.minutes));
  const meanY = mean(samples.map(of));
  let above = 0;
  let below = 0;
  for (const one of samples) {
    above += (one.minutes - meanX) * (of(one) - meanY);
    below += (one.minutes - meanX) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
