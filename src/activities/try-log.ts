/** The tries of one agent in one call, over Temporal's retries and over schedulings whose worker died. */
import type { Info } from '@temporalio/activity';
import type { Try } from '../domain/call.ts';
import type { ErrorType } from '../domain/failures.ts';

/** Earlier tries, with one entry for each that left no word because its worker died. */
export function triesBefore(earlierTries: readonly Try[], info: Info): Try[] {
  const reported = (info.heartbeatDetails as Try[] | undefined) ?? [];
  const tries = [...(reported.length > earlierTries.length ? reported : earlierTries)];
  const expected = earlierTries.length + info.attempt - 1;
  while (tries.length < expected) tries.push(lostTry(tries.length + 1, info.scheduledTimestampMs));
  return tries;
}

/** One of which nothing was heard; it may have asked the agent. */
export function lostTry(attempt: number, startedAt: number): Try {
  return { attempt, errorType: 'internal', lost: true, latencyMs: 0, at: new Date(startedAt).toISOString() };
}

/** One request to an agent: an activity may join it later. Its length is told by a clock that nobody sets. */
export class OpenTry {
  private readonly now: () => number;
  private began = performance.now();
  private endedAfterMs: number | undefined;
  private startedEpochMs: number;
  /** From its start to the agent's first byte. */
  firstByteMs: number | undefined;

  /** `now`: epoch ms, by the clock that dates histories. */
  constructor(now: () => number) {
    this.now = now;
    this.startedEpochMs = now();
  }

  /** Epoch ms. */
  get startedAt(): number {
    return this.startedEpochMs;
  }

  get ended(): boolean {
    return this.endedAfterMs !== undefined;
  }

  /** Until it ended, or until now. */
  get latencyMs(): number {
    return this.endedAfterMs ?? this.sinceStart();
  }

  /** It begins only now: until then it waited for us. */
  begin(): void {
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

/** `earlier` and the one that this worker's stop leaves unanswered: it counts for nobody. */
export function withLostTry(earlier: readonly Try[], open: OpenTry): Try[] {
  return withThisTry(earlier, open, 'internal').map((one, index) =>
    index === earlier.length ? { ...one, lost: true } : one,
  );
}

/** `earlier` and the one that ends now, unless the agent was not asked at all. */
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

/** Whether the retry policy allows another try after this one. */
export function triesAreLeft({ attempt, retryPolicy }: Info): boolean {
  return attempt < (retryPolicy?.maximumAttempts ?? Infinity);
}
