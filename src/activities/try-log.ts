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

/** One request to an agent, by its own clock: an activity may join it later. Times are epoch ms. */
export interface OpenTry {
  startedAt: number;
  /** When the agent's first byte came. */
  firstByteAt?: number;
  endedAt?: number;
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
  const { startedAt, firstByteAt, endedAt = Date.now() } = open;
  return [
    ...earlier,
    {
      attempt: earlier.length + 1,
      ...(errorType && { errorType }),
      latencyMs: endedAt - startedAt,
      ...(firstByteAt !== undefined && { firstByteMs: firstByteAt - startedAt }),
      at: new Date(startedAt).toISOString(),
    },
  ];
}

/** Whether the retry policy allows another try after this one. */
export function triesAreLeft({ attempt, retryPolicy }: Info): boolean {
  return attempt < (retryPolicy?.maximumAttempts ?? Infinity);
}
