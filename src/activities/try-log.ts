/** The tries of one agent in one call, over Temporal's retries and over schedulings whose worker died. */
import type { Info } from '@temporalio/activity';
import type { Try } from '../domain/call.ts';
import type { ErrorType } from '../domain/failures.ts';

/** Earlier tries, with one entry for each that left no word because its worker died. */
export function triesBefore(earlierTries: readonly Try[], info: Info): Try[] {
  const reported = (info.heartbeatDetails as Try[] | undefined) ?? [];
  const tries = [...(reported.length > earlierTries.length ? reported : earlierTries)];
  const expected = earlierTries.length + info.attempt - 1;
  while (tries.length < expected)
    tries.push({
      attempt: tries.length + 1,
      errorType: 'internal',
      lost: true,
      latencyMs: 0,
      at: new Date(info.scheduledTimestampMs).toISOString(),
    });
  return tries;
}

/** `earlier` and the one that began at `startedAt` (epoch ms) and ends now. */
export function withThisTry(earlier: readonly Try[], startedAt: number, errorType?: ErrorType): Try[] {
  const latencyMs = Date.now() - startedAt;
  const at = new Date(startedAt).toISOString();
  return [...earlier, { attempt: earlier.length + 1, ...(errorType && { errorType }), latencyMs, at }];
}

/** Whether the retry policy allows another try after this one. */
export function triesAreLeft({ attempt, retryPolicy }: Info): boolean {
  return attempt < (retryPolicy?.maximumAttempts ?? Infinity);
}
