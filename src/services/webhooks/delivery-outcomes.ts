/** What becomes of the events of one webhook: it changes the book, and adds lines to the log of deliveries. */
import type { DeliveryBook, Sending } from '../../domain/delivery-book.ts';
import type { LogEvent } from '../../domain/log-event.ts';
import { eventBackoffMs } from '../../domain/retry.ts';
import type { DeliveryOutcome } from '../../domain/webhook.ts';
import type { SendResult } from '../../receivers/send-event.ts';
import type { DeliveryEntry } from './delivery-files.ts';
import { nameOfEvent } from './event-body.ts';

export interface OutcomeParts {
  /** Called for each try, and for each event that is parked or dropped. */
  readonly onOutcome: (outcome: DeliveryOutcome) => void;
  /** How long an event is tried before it is parked, in ms. */
  readonly retryMs: number;
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
}

/** Why a try failed. `isOurs`: the receiver is not to blame. */
type Failed = Partial<Omit<Extract<SendResult, { ok: false }>, 'ok' | 'error'>> & {
  readonly error: string;
  readonly isOurs?: boolean;
};

/** Why an event is dropped. */
const callIsGone = 'the call is no longer there: it was deleted, or its retention is over';

export class DeliveryOutcomes {
  private readonly parts: OutcomeParts;
  private readonly book: DeliveryBook;
  private lines: DeliveryEntry[] = [];

  constructor(parts: OutcomeParts, book: DeliveryBook) {
    this.parts = parts;
    this.book = book;
  }

  /** The lines that are not written yet. */
  get entries(): readonly DeliveryEntry[] {
    return this.lines;
  }

  written(): void {
    this.lines = [];
  }

  delivered(
    event: Sending,
    logged: LogEvent,
    answer: { readonly status: number; readonly ms: number },
  ): void {
    const at = this.parts.now();
    this.book.delivered(event, at, answer.status);
    this.note(event, logged, { at, outcome: 'delivered', tries: event.tries + 1, ...answer });
  }

  /** Lets the event wait for its next try, or parks it. `logged` is undefined if the log cannot be read. */
  failed(event: Sending, logged: LogEvent | undefined, why: Failed): void {
    const { error, status, ms, retryAfterSeconds = 0, gone = false, isOurs = false } = why;
    const at = this.parts.now();
    const tries = event.tries + 1;
    const pauseMs = Math.max(retryAfterSeconds * 1_000, eventBackoffMs(tries, Math.random()));
    const answered = status !== undefined && { status };
    this.book.failed(event, { at, error, ...answered }, pauseMs, { isOurs });
    if (!logged) return;
    const took = ms !== undefined && { ms };
    this.note(event, logged, { at, outcome: 'failed', tries, error, ...answered, ...took });
    if (!gone && this.isOverdue(event)) this.park({ ...event, tries }, logged, error);
  }

  park(event: Sending, logged: LogEvent, error: string): void {
    const at = this.parts.now();
    this.book.parked(event, at);
    this.note(event, logged, { at, outcome: 'parked', tries: event.tries, error });
  }

  /** The event is not sent, because its call was deleted. */
  dropped(event: Sending, logged: LogEvent): void {
    this.book.dropped(event);
    const at = this.parts.now();
    this.note(event, logged, { at, outcome: 'dropped', tries: event.tries, error: callIsGone });
  }

  /** Whether the event was tried for as long as it may be. */
  isOverdue({ since }: Sending): boolean {
    return this.parts.now() - since >= this.parts.retryMs;
  }

  private note(
    { segment, index }: Sending,
    logged: LogEvent,
    what: Pick<DeliveryEntry, 'at' | 'outcome' | 'tries' | 'status' | 'error' | 'ms'>,
  ): void {
    this.lines.push({ ...nameOfEvent(logged), segment, index, ...what });
    this.parts.onOutcome(what.outcome);
  }
}
