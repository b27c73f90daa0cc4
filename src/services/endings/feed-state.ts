/** What the reader of the feed must know of the log when it begins, or begins again after a failure. */
import { skewMs, type EndingLog, type Segment } from './ending-log.ts';

const minuteMs = 60_000;

export interface LogEnd {
  /** The number of the newest segment; 0 if there is none. */
  readonly newest: number;
  /** The greatest fence. */
  readonly fence: number;
  /** Every call that closed by then is in the log. Undefined if the log is empty. */
  readonly until: number | undefined;
  /** The consumers have all endings up to this minute's begin. */
  readonly usedUntil: number;
  /** The newest segments, oldest first: all that have endings after `usedUntil`. */
  readonly segments: readonly Segment[];
  /** Whether one of them is damaged, so that its endings are missing. */
  readonly isDamaged: boolean;
}

/**
 * Reads the end of the log, backwards. `known` is the number of any segment, `now` is epoch ms: a time in the log that is later
 * comes from a clock that was wrong, and counts as now. Throws `PayloadStoreError`.
 */
export async function readLogEnd(log: EndingLog, known: number, now: number): Promise<LogEnd> {
  const newest = await log.newest(known);
  const segments: Segment[] = [];
  let fence = 0;
  let until: number | undefined;
  let usedUntil: number | undefined;
  let isDamaged = false;
  for (let number = newest; number > 0; number--) {
    const segment = await log.read(number);
    if (!segment) break; // It was swept.
    segments.unshift(segment);
    fence = Math.max(fence, segment.fence);
    if (segment.until === 0) {
      isDamaged = true;
      continue;
    }
    // A segment is appended only when the consumers have used the one before it.
    if (number < newest) usedUntil ??= floorToMinute(Math.min(segment.until, now));
    until ??= Math.min(segment.until, now);
    if (usedUntil !== undefined && segment.at + skewMs < usedUntil) break;
  }
  return { newest, fence, until, usedUntil: usedUntil ?? 0, segments, isDamaged };
}

/**
 * Returns the runs of calls and batches in these segments that closed after `until`, with the time of their close, and the
 * numbered changes since.
 */
export function seenAfter(until: number, segments: readonly Segment[]): Map<string, number> {
  const seen = new Map<string, number>();
  const note = (key: string, at: number): unknown => at > until && seen.set(key, at);
  for (const segment of segments) {
    for (const one of [...segment.endings, ...(segment.events ?? [])])
      if ('runId' in one) note(one.runId, one.endedAt);
    for (const [key, at] of changesIn(segment)) note(key, at);
  }
  return seen;
}

/** Returns the numbered changes in the segment, with their times. Their keys are no ids of runs. */
export function changesIn({ events = [] }: Segment): [string, number][] {
  return events.flatMap((one): [string, number][] =>
    'series' in one ? [[`change ${one.series} ${one.sequence}`, one.at]] : [],
  );
}

function floorToMinute(ms: number): number {
  return ms - (ms % minuteMs);
}
