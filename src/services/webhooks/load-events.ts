/** Finds out what is to be sent of the events that were taken. */
import pMap from 'p-map';
import type { DeliveryBook, Sending } from '../../domain/delivery-book.ts';
import type { LogEvent } from '../../domain/log-event.ts';
import type { Webhook } from '../../domain/webhook.ts';
import type { DeliveryOutcomes } from './delivery-outcomes.ts';
import type { EventBody } from './event-body.ts';
import type { EventLog } from './event-log.ts';

/** An event that is being sent, with what the log says of it. */
export interface Loaded extends Sending {
  readonly logged: LogEvent;
  readonly body: EventBody;
}

/** What is known of an event that is to be sent: its body, why it is not sent, or why it could not be read. */
interface LoadResult {
  readonly sending: Sending;
  /** Undefined if the log has it no more. */
  readonly logged: LogEvent | undefined;
  readonly body?: EventBody | 'deleted' | 'unwanted';
  readonly error?: unknown;
}

interface LoadParts {
  readonly log: EventLog;
  readonly book: DeliveryBook;
  readonly outcomes: DeliveryOutcomes;
  /** See event-body.ts. */
  readonly bodyOf: (event: LogEvent, webhook: Webhook) => Promise<EventBody | 'deleted' | 'unwanted'>;
}

const concurrency = 8;
/** If so many events cannot be read and no other can, Temporal or the store is away. */
const unreadableMeansAway = 8;

/**
 * Returns the events that are to be sent, with their bodies. Throws if none of many can be read: then Temporal or the store is
 * away, and the delivery begins anew where it was written last.
 */
export async function loadEvents(
  parts: LoadParts,
  events: readonly Sending[],
  webhook: Webhook,
): Promise<Loaded[]> {
  const results = await pMap(events, (sending) => load(parts, sending, webhook), { concurrency });
  const failed = results.filter(({ error }) => error !== undefined);
  if (failed.length >= unreadableMeansAway && failed.length === results.length) throw failed[0]?.error;
  const ready: Loaded[] = [];
  for (const result of results) {
    // The events that come before it are put into what waits first, since the order there is the order of sending.
    if (webhook.ordered && result.error !== undefined)
      for (const earlier of ready) parts.book.waitBehind(earlier);
    const loaded = use(parts, result);
    if (loaded) ready.push(loaded);
  }
  return ready;
}

/** Throws if the log cannot be read. */
async function load({ log, bodyOf }: LoadParts, event: Sending, webhook: Webhook): Promise<LoadResult> {
  const logged = await log.at(event);
  const { segment, index, since, tries } = event;
  const lane = webhook.ordered && logged && 'lane' in logged && { lane: logged.lane };
  const sending = { segment, index, since, tries, ...lane };
  try {
    return { sending, logged, body: logged ? await bodyOf(logged, webhook) : 'unwanted' };
  } catch (error) {
    return { sending, logged, error };
  }
}

/** Returns the event if it is to be sent. */
function use(
  { book, outcomes }: LoadParts,
  { sending, logged, body, error }: LoadResult,
): Loaded | undefined {
  if (error !== undefined)
    outcomes.failed(sending, logged, { error: 'the call could not be read', isOurs: true });
  else if (typeof body === 'object' && logged) {
    // What has waited in the log for too long is not tried while the receiver seems to be down.
    if (sending.tries > 0 || book.receiver === 'up' || !outcomes.isOverdue(sending))
      return { ...sending, logged, body };
    outcomes.park(sending, logged, 'the receiver has failed for too long');
  } else if (body === 'deleted' && logged) outcomes.dropped(sending, logged);
  else book.dropped(sending);
  return undefined;
}
