import type { Ending } from '../domain/ending.ts';

/** What deliveries do besides sending new events. A redelivery has an id, because an activity that is repeated gets it again. */
export type DeliveryJob =
  /** Sends what waits now, and not only after its backoff. */
  { readonly kind: 'retry' } | ({ readonly id: string } & Redelivery);

/** Times are epoch ms. */
export type Redelivery =
  /** Sends one event again. */
  | { readonly kind: 'one'; readonly segment: number; readonly index: number }
  /** Sends all events from `from` up to `to` again. */
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  /** Sends again what was parked from `from` up to `to`. */
  | { readonly kind: 'parked'; readonly from: number; readonly to: number };

export interface DeliveryStart {
  readonly id: string;
  readonly jobs: readonly DeliveryJob[];
  /** Absent if it is not known where the next event is: then all segments since the last delivery are read. */
  readonly skip?: LogGap;
}

/** Segments of the log, from `after` up to but without `to`, that have nothing for the webhook. */
export interface LogGap {
  readonly after: number;
  readonly to: number;
}

/** What one activity has left to do. */
export interface DeliveryRest {
  /** Whether the webhook was removed, so that nothing more is to do. */
  readonly removed?: true;
  /** When something is to do again, in ms. Absent if nothing is before the next event. */
  readonly againInMs?: number;
  /** The end of the log, if no event before it is left: a later wake then says where the next one is. */
  readonly caughtUpAt?: number;
}

/** How the event of a callback was sent. */
export interface CallbackDelivered {
  /** The HTTP status of the answer. */
  readonly status: number;
}

/** The activity of the workflow `callbackDelivery`. It is implemented in services/webhooks/callback-work.ts. */
export interface CallbackActivities {
  /**
   * Sends once how a call has ended to its `callback_url`. Fails unless the receiver takes it: Temporal repeats it, but not if
   * the call was deleted.
   */
  deliverCallback(ending: Ending): Promise<CallbackDelivered>;
}

/** The activities of the workflow `webhookDelivery`. They are implemented in services/webhooks/delivery-work.ts. */
export interface DeliveryActivities {
  /** Sends the events of a webhook until none has come for a while. What it has done is in the payload store. */
  deliverEvents(start: DeliveryStart): Promise<DeliveryRest>;
}
