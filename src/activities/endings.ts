import type { FeedPosition } from '../domain/ending.ts';

/** Input of `readEndings`. */
export interface FeedStart {
  /** Where the first reader of the cluster begins: calls that ended before are not read. Epoch ms. */
  readonly since: number;
  /** How far the reader before has come. Absent if there was none. */
  readonly position?: FeedPosition;
}

/** The activity of the workflow `endings`. It is implemented in services/endings/feed-work.ts. */
export interface EndingActivities {
  /** Reads how calls end, for up to an hour. Its heartbeats carry its position. Returns where the next one continues. */
  readEndings(start: Required<FeedStart>): Promise<FeedPosition>;
}
