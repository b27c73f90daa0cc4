import type { Ending } from './ending.ts';
import type { FeedEvent } from './feed-event.ts';

/** Something in the log of endings that webhooks may be told of. */
export type LogEvent = Ending | FeedEvent;

/** Returns when it happened, epoch ms. */
export function timeOf(event: LogEvent): number {
  return 'endedAt' in event ? event.endedAt : event.at;
}
