/** Records the tries of one agent in one call, across Temporal's retries and across schedulings whose worker died. */
import type { Info } from '@temporalio/activity';
import type { FailedAnswer, Try } from '../domain/call.ts';
import { isUnasked, type ErrorType } from '../domain/failures.ts';
import { without } from '../lib/without.ts';

/** Returns the tries before the current one. Adds a try as lost if its worker died before it reported the try. */
export function triesBefore(earlierTries: readonly Try[], info: Info): Try[] {
  const reported = (info.heartbeatDetails as Try[] | undefined) ?? [];
  const tries = [...(reported.length > earlierTries.length ? reported : earlierTries)];
  const expected = earlierTries.length + info.attempt - 1;
  while (tries.length < expected) tries.push(lostTry(tries.length + 1, info.scheduledTimestampMs));
  return tries;
}

/** Makes a try without a known outcome; the agent may have been asked. `startedAt` is in epoch ms. */
export function lostTry(tryNumber: number, startedAt: number): Try {
  const at = new Date(startedAt).toISOString();
  return { attempt: tryNumber, errorType: 'internal', lost: true, latencyMs: 0, at };
}

/** The times of one request to an agent. Durations come from a monotonic clock. */
export class OpenTry {
  private readonly now: () => number;
  private began = performance.now();
  private endedAfterMs: number | undefined;
  private startedEpochMs: number;
  private begun = false;
  /** Time in ms from the start of the request to the agent's first byte; undefined until that arrives. */
  firstByteMs: number | undefined;

  /** `now` returns the time (epoch ms) by the server's clock, which also dates histories. */
  constructor(now: () => number) {
    this.now = now;
    this.startedEpochMs = now();
  }

  /** When the request was sent (epoch ms); until then, when its wait began. */
  get startedAt(): number {
    return this.startedEpochMs;
  }

  /** Whether the request was sent. Before that it waits for the payload store or a slot. */
  get hasBegun(): boolean {
    return this.begun;
  }

  get ended(): boolean {
    return this.endedAfterMs !== undefined;
  }

  /** Time in ms from the start of the request to its end, or until now while it is open. */
  get latencyMs(): number {
    return this.endedAfterMs ?? this.sinceStart();
  }

  /**
   * Marks the start of the request: it is sent now. The time before it was spent waiting in Holdfast and is not the agent's.
   */
  begin(): void {
    this.begun = true;
    this.began = performance.now();
    this.startedEpochMs = this.now();
  }

  firstByte(): void {
    this.firstByteMs = this.sinceStart();
  }

  end(): void {
    this.endedAfterMs = this.sinceStart();
  }

  private sinceStart(): number {
    return Math.round(performance.now() - this.began);
  }
}

/** Returns `earlier` plus the current try, marked as lost, because this worker stops before the agent has answered. */
export function withLostTry(earlier: readonly Try[], open: OpenTry): Try[] {
  return withThisTry(earlier, open, { type: 'internal' }).map((one, index) =>
    index === earlier.length ? { ...one, lost: true } : one,
  );
}

/** Returns `earlier` plus the current try, which ends now. Returns only `earlier` if the agent was not asked. */
export function withThisTry(
  earlier: readonly Try[],
  open: OpenTry,
  failure?: { readonly type: ErrorType; readonly answer?: FailedAnswer | undefined },
): Try[] {
  const { type: errorType, answer } = failure ?? {};
  if (isUnasked(errorType)) return [...earlier];
  const { startedAt, firstByteMs, latencyMs } = open;
  return [
    ...earlier,
    {
      attempt: earlier.length + 1,
      ...(errorType && { errorType }),
      latencyMs,
      ...(firstByteMs !== undefined && { firstByteMs }),
      at: new Date(startedAt).toISOString(),
      ...(answer && { answer }),
    },
  ];
}

/** Returns the tries with the answer of the last one alone, where all answers together would be too large. */
export function withLastAnswer(tries: readonly Try[]): Try[] {
  return tries.map((one, index) => (index < tries.length - 1 ? without(one, 'answer') : one));
}

/** Whether Temporal's retry policy allows another try. */
export function triesAreLeft({ attempt, retryPolicy }: Info): boolean {
  return attempt < (retryPolicy?.maximumAttempts ?? Infinity);
}
