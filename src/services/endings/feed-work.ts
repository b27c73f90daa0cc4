/** Implements the activity of the workflow `endings`. */
import { Context } from '@temporalio/activity';
import type { EndingActivities } from '../../activities/endings.ts';
import type { FeedPosition } from '../../domain/ending.ts';
import { every } from '../../lib/every.ts';
import type { FailedCalls } from '../archive/archive-failed.ts';
import { EndingReader, type EndingConsumer, type ReaderParts } from './ending-reader.ts';

const heartbeatMs = 3_000;
/** How long one activity reads. The next one begins at once, on any worker. */
const readingMs = 3_600_000;

export interface FeedParts extends Omit<ReaderParts, 'consumers'> {
  /** Makes the consumers of one reader. */
  readonly consumers: () => readonly EndingConsumer[];
  /** Undefined if failed calls are not archived. */
  readonly failedCalls: FailedCalls | undefined;
  readonly archiveIntervalMs: number;
  /** Called with each error of the archive. What failed is tried again. */
  readonly onArchivingFailed: (error: unknown) => void;
}

export function createFeedWork({
  failedCalls,
  archiveIntervalMs,
  onArchivingFailed,
  consumers,
  ...parts
}: FeedParts): EndingActivities {
  return {
    async readEndings({ since, position }) {
      const context = Context.current();
      const known = (context.info.heartbeatDetails as FeedPosition | undefined) ?? position;
      const reader = new EndingReader({ ...parts, consumers: consumers() }, known);
      const signal = AbortSignal.any([context.cancellationSignal, AbortSignal.timeout(readingMs)]);
      const beat = setInterval(() => context.heartbeat(reader.place), heartbeatMs);
      const stopArchiving = failedCalls
        ? every(
            archiveIntervalMs,
            () => failedCalls.archiveNew(reader.place.segment, signal),
            onArchivingFailed,
          )
        : () => Promise.resolve();
      try {
        const archived = (await failedCalls?.archivedUntil()) ?? since;
        await reader.run(signal, Math.min(since, archived));
      } finally {
        clearInterval(beat);
        await stopArchiving();
      }
      return reader.place;
    },
  };
}
