/** The tries of one agent in one call, across Temporal's retries and schedulings whose worker died. */
import type { Info } from '@temporalio/activity';
import type { Try } from '../domain/call.ts';
import type { ErrorType } from '../domain/failures.ts';

/** The tries before this one. A try that was not reported, because its worker died, is added as lost. */
export function triesBefore(earlierTries: readonly Try[], info: Info): Try[] {
  const reported = (info.heartbeatDetails as Try[] | undefined) ?? [];
  const tries = [...(reported.length > earlierTries.length ? reported : earlierTries)];
  const expected = earlierTries.length + info.attempt - 1;
  while (tries.length < expected) tries.push(lostTry(tries.length + 1, info.scheduledTimestampMs));
  return tries;
}

/** A try without a known outcome. The agent may have been asked. `startedAt`: epoch ms. */
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
  /** From the start to the agent's first byte. */
  firstByteMs: number | undefined;

  /** `now`: epoch ms by the server's clock, which also dates histories. */
  constructor(now: () => number) {
    this.now = now;
    this.startedEpochMs = now();
  }

  /** Start of the request, epoch ms. */
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

  /** From the start to the end, or to now while the request is open. */
  get latencyMs(): number {
    return this.endedAfterMs ?? this.sinceStart();
  }

  /** Marks the start: the time before it was our wait, not the agent's. */
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

/** `earlier` plus the current try, marked as lost: this worker stops before the agent has answered. */
export function withLostTry(earlier: readonly Try[], open: OpenTry): Try[] {
  return withThisTry(earlier, open, 'internal').map((one, index) =>
    index === earlier.length ? { ...one, lost: true } : one,
  );
}

/** `earlier` and the current try, which ends now. Only `earlier` if the agent was not asked (`no_slot`). */
export function withThisTry(earlier: readonly Try[], open: OpenTry, errorType?: ErrorType): Try[] {
  if (errorType === 'no_slot') return [...earlier];
  const { startedAt, firstByteMs, latencyMs } = open;
  return [
    ...earlier,
    {
      attempt: earlier.length + 1,
      ...(errorType && { errorType }),
      latencyMs,
      ...(firstByteMs !== undefined && { firstByteMs }),
      at: new Date(startedAt).toISOString(),
    },
  ];
}

/** Whether Temporal's retry policy allows another try. */
export function triesAreLeft({ attempt, retryPolicy }: Info): boolean {
  return attempt < (retryPolicy?.maximumAttempts ?? Infinity);
}
