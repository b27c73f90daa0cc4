/** Implements the activity of the workflow `endings`. */
import { Context } from '@temporalio/activity';
import type { EndingActivities } from '../../activities/endings.ts';
import type { FeedPosition } from '../../domain/ending.ts';
import { EndingReader, type EndingConsumer, type ReaderParts } from './ending-reader.ts';

const heartbeatMs = 3_000;
/** How long one activity reads. The next one begins at once, on any worker. */
const readingMs = 3_600_000;

export interface FeedParts extends Omit<ReaderParts, 'consumers'> {
  /** Makes the consumers of one reader. */
  readonly consumers: () => readonly EndingConsumer[];
  /** Starts what else one process of the cluster does. Each time, `fence` is greater. Returns what stops it. */
  readonly startBeside: (fence: number) => () => Promise<void>;
}

export interface FeedWork {
  readonly activities: EndingActivities;
  /** Ends the reader of this process, if it has it. Call this when the worker stops: another one continues at once. */
  handOver(): void;
}

export function createFeedWork({ consumers, startBeside, ...parts }: FeedParts): FeedWork {
  let stopping = new AbortController();
  const activities: EndingActivities = {
    async readEndings({ since, position }) {
      const context = Context.current();
      const known = (context.info.heartbeatDetails as FeedPosition | undefined) ?? position;
      const reader = new EndingReader({ ...parts, consumers: consumers() }, known);
      const ends = [context.cancellationSignal, stopping.signal, AbortSignal.timeout(readingMs)];
      const stopBeside = startBeside(context.info.currentAttemptScheduledTimestampMs);
      const beat = setInterval(() => context.heartbeat(reader.place), heartbeatMs);
      try {
        await reader.run(AbortSignal.any(ends), since);
      } finally {
        clearInterval(beat);
        void stopBeside(); // Its last round may take seconds, and the next reader should begin at once.
      }
      return reader.place;
    },
  };
  const handOver = (): void => {
    stopping.abort();
    stopping = new AbortController();
  };
  return { activities, handOver };
}
