import type { FigurePercentiles, FigureSet } from '../../contract/figures.ts';
import { isErrorType } from '../../domain/failures.ts';
import type { Tally } from '../../domain/figures.ts';
import type { FiguresSummary, Percentiles } from '../../domain/figures-summary.ts';

export function figuresToWire(figures: FiguresSummary): Omit<FigureSet, 'agents'> {
  return {
    calls: callsToWire(figures.calls),
    errors: errorsToWire(figures.errors),
    failovers: figures.failovers,
    duration_ms: percentilesToWire(figures.duration),
    queue_wait_ms: percentilesToWire(figures.queued),
    overhead_ms: percentilesToWire(figures.overhead),
    latency_ms: percentilesToWire(figures.latency),
  };
}

export function agentsToWire({ agents }: FiguresSummary): FigureSet['agents'] {
  return Object.fromEntries(
    [...agents].map(([name, { calls, attempts, tries, latency }]) => [
      name,
      {
        calls: callsToWire(calls),
        attempts: latency.count,
        attempt_errors: errorsToWire(attempts),
        tries,
        latency_ms: percentilesToWire(latency),
      },
    ]),
  );
}

function callsToWire(calls: Tally): FigureSet['calls'] {
  return {
    completed: calls.get('completed') ?? 0,
    failed: calls.get('failed') ?? 0,
    cancelled: calls.get('cancelled') ?? 0,
  };
}

/** A tally of attempts has `answered`, too. */
function errorsToWire(tally: Tally): FigureSet['errors'] {
  return Object.fromEntries([...tally].filter(([type]) => isErrorType(type)));
}

function percentilesToWire({ count, p50, p95, p99 }: Percentiles): FigurePercentiles {
  return { count, p50: rounded(p50), p95: rounded(p95), p99: rounded(p99) };
}

/** Rounds to microseconds. */
function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1_000) / 1_000;
}
