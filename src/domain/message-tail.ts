/** A session's newest messages: what its workflow holds itself. Those before the window move out in segments. */
import type { SessionLimits, SessionMessage, WindowMessage } from './session.ts';
import { isReference, textBytes } from './stored-text.ts';
import { textOf, windowMessage } from './turn-text.ts';

/** Roles, timestamp, ids and punctuation of one stored message, generously. */
const overheadBytes = 512;
/** What a window may take in Temporal's payloads, whatever its texts are (I7). */
const maxHeldWindowBytes = 512 * 1024;
/** Messages of failed calls are in no window, but they are held too. */
const maxHeldMessages = 1_000;

interface Entry {
  readonly message: SessionMessage;
  /** Of the text, wherever it is. */
  readonly textBytes: number;
  /** Held in the workflow. */
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

  /** The last messages that fit, without those of failed calls, beginning with no orphaned answer. */
  window(): WindowMessage[] {
    const window = this.entries
      .slice(this.windowStart())
      .filter(({ message }) => !message.failed)
      .map(({ message }) => windowMessage(message));
    const first = window.findIndex(({ role }) => role !== 'assistant');
    return first < 0 ? [] : window.slice(first);
  }

  /** The messages before the window, once they are worth a segment. */
  overflow(): SessionMessage[] {
    const { olderBytes } = this.limits;
    if (olderBytes === undefined) return [];
    const before = this.entries.slice(0, this.windowStart());
    const bytes = before.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    return bytes >= olderBytes ? before.map(({ message }) => message) : [];
  }

  dropOldest(count: number): void {
    this.entries = this.entries.slice(count);
  }

  /** Index of the first entry that a window may reach back to. */
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
