/** Counts what calls report (workflows/sinks.ts), logs each ending, and has the spans of the call made. */
import { LRUCache } from 'lru-cache';
import { reportKey } from '../domain/cache-keys.ts';
import { callFields } from '../domain/call-fields.ts';
import { agentsMsOf } from '../domain/ending.ts';
import type { ErrorType } from '../domain/failures.ts';
import type { Log } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Tracing } from '../platform/tracing.ts';
import type { EndedCall, Fallback } from '../workflows/sinks.ts';

interface Reported {
  readonly metrics: Metrics;
  readonly log: Log;
  readonly tracing: Pick<Tracing, 'ended'>;
  /** Epoch ms by the clock of the Temporal server. */
  readonly now: () => number;
}

export class CallReports {
  private readonly metrics: Metrics;
  private readonly log: Log;
  private readonly tracing: Pick<Tracing, 'ended'>;
  private readonly now: () => number;
  // A workflow task that is retried reports again: each report counts once.
  private readonly counted = new LRUCache<string, true>({ max: 40_000 });

  constructor({ metrics, log, tracing, now }: Reported) {
    this.metrics = metrics;
    this.log = log;
    this.tracing = tracing;
    this.now = now;
  }

  attempt(runId: string, agent: string, errorType: ErrorType | undefined): void {
    if (!this.isNew(runId, 'attempt', agent)) return;
    const { agentLabels, attempts } = this.metrics;
    agentLabels.count([agent], ([label = '']) => attempts.inc({ agent: label, ...outcomeLabels(errorType) }));
  }

  fallback(runId: string, { from, to, errorType }: Fallback): void {
    if (!this.isNew(runId, 'fallback', from)) return;
    const { agentLabels, fallbacks } = this.metrics;
    agentLabels.count([from, to], ([fromLabel = '', toLabel = '']) =>
      fallbacks.inc({ from: fromLabel, to: toLabel, error_type: errorType }),
    );
  }

  /** `isWhole`: whether the run has done all of the call. A run that a reset began goes on from what the earlier one did. */
  ended(runId: string, call: EndedCall, isWhole: boolean): void {
    if (!this.isNew(runId, 'ended')) return;
    const { callId, sessionId, errorType, startedAt, queuedMs, attempts, trace } = call;
    const agent = call.answeredBy ?? call.agent;
    const endedAt = this.now();
    // The others were reported one by one.
    for (const one of attempts)
      if (one.errorType === 'cancelled') this.attempt(runId, one.agent, 'cancelled');
    const { agentLabels, calls, callDuration, callOverhead } = this.metrics;
    const labels = outcomeLabels(errorType);
    agentLabels.count([agent], ([label = '']) => calls.inc({ agent: label, ...labels }));
    const durationMs = Math.max(0, endedAt - startedAt);
    const overheadMs = Math.max(0, durationMs - queuedMs - agentsMsOf(attempts));
    // The time between the two runs of a call that was reset is nobody's.
    if (isWhole) {
      callDuration.observe({ outcome: labels.outcome }, durationMs / 1_000);
      callOverhead.observe(overheadMs / 1_000);
    }
    const line = {
      ...callFields(callId, { sessionId, agent, trace }),
      outcome: labels.outcome,
      ...(errorType && { errorType }),
      durationMs: Math.round(durationMs),
      overheadMs: Math.round(overheadMs),
      queuedMs,
      attempts,
      runId,
    };
    // After the workflow task was completed: logging must not delay it.
    setImmediate(() => {
      this.log.info(line, 'A call ended');
      this.tracing.ended(runId, call, endedAt);
    });
  }

  private isNew(...report: readonly string[]): boolean {
    const key = reportKey(report);
    if (this.counted.has(key)) return false;
    this.counted.set(key, true);
    return true;
  }
}

function outcomeLabels(errorType: ErrorType | undefined) {
  if (errorType === undefined) return { outcome: 'answered', error_type: '' };
  return { outcome: errorType === 'cancelled' ? 'cancelled' : 'failed', error_type: errorType };
}
