/**
 * A session's newest messages, which the session workflow holds itself. Messages older than the window move to the payload
 * store in segments.
 */
import type { SessionLimits, SessionMessage, WindowMessage } from './session.ts';
import { isReference, textBytes } from './stored-text.ts';
import { textOf, windowMessage } from './turn-text.ts';

/** A generous estimate of one message's role, timestamp, ids and punctuation. */
const overheadBytes = 512;
/** The most bytes that a window may take in Temporal's payloads (I7). */
const maxHeldWindowBytes = 512 * 1024;
/**
 * The most messages that the workflow holds. Messages of failed calls are not part of a window but are held too, so their
 * number needs a separate limit.
 */
const maxHeldMessages = 1_000;

interface Entry {
  readonly message: SessionMessage;
  /** Size of the text in bytes, whether it is in the workflow or in the payload store. */
  readonly textBytes: number;
  /** Estimated bytes that the workflow itself holds for the message. */
  readonly heldBytes: number;
}

export class MessageTail {
  private entries: Entry[];
  private readonly limits: SessionLimits;

  constructor(messages: readonly SessionMessage[], limits: SessionLimits) {
    this.entries = messages.map(toEntry);
    this.limits = limits;
  }

  get messages(): SessionMessage[] {
    return this.entries.map(({ message }) => message);
  }

  append(message: SessionMessage): void {
    this.entries.push(toEntry(message));
  }

  /**
   * Returns the newest messages that fit the limits, without those of failed calls. The window never begins with an answer
   * whose prompt did not fit.
   */
  window(): WindowMessage[] {
    const window = this.entries
      .slice(this.windowStart())
      .filter(({ message }) => !message.failed)
      .map(({ message }) => windowMessage(message));
    const first = window.findIndex(({ role }) => role !== 'assistant');
    return first < 0 ? [] : window.slice(first);
  }

  /** Returns the messages before the window, if they are large enough for a segment (`olderBytes`); otherwise none. */
  overflow(): SessionMessage[] {
    const { olderBytes } = this.limits;
    if (olderBytes === undefined) return [];
    const before = this.entries.slice(0, this.windowStart());
    const bytes = before.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    return bytes >= olderBytes ? before.map(({ message }) => message) : [];
  }

  /** Whether the oldest messages are no longer part of the window. */
  get isLongerThanWindow(): boolean {
    return this.windowStart() > 0;
  }

  dropOldest(count: number): void {
    this.entries = this.entries.slice(count);
  }

  /** Returns the index of the oldest entry that fits into the window. */
  private windowStart(): number {
    const room = {
      entries: maxHeldMessages,
      messages: this.limits.windowMessages,
      textBytes: this.limits.windowBytes,
      heldBytes: maxHeldWindowBytes,
    };
    const newestThatDoesNotFit = this.entries.findLastIndex(({ message, textBytes, heldBytes }) => {
      room.entries -= 1;
      room.heldBytes -= heldBytes;
      room.messages -= message.failed ? 0 : 1;
      room.textBytes -= message.failed ? 0 : textBytes;
      return Object.values(room).some((left) => left < 0);
    });
    return newestThatDoesNotFit + 1;
  }
}

function toEntry(message: SessionMessage): Entry {
  const text = textOf(message);
  const bytes = textBytes(text);
  return { message, textBytes: bytes, heldBytes: overheadBytes + (isReference(text) ? 0 : bytes) };
}
