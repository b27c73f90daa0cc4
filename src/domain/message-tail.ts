/**
 * A session's newest messages, which the session workflow holds itself. Messages older than the window move to the payload
 * store in segments.
 */
import type { SessionMessage, WindowMessage } from './message.ts';
import type { SessionLimits, SessionSettings, WindowLimits } from './session.ts';
import { contentBytes, contentCharacters, inlineBytes, textsIn } from './content.ts';
import type { StoredText } from './stored-text.ts';
import { systemMessage, windowMessage } from './turn-text.ts';

/**
 * A generous estimate of one message's role, timestamp, ids and punctuation, and of each further part's type and reference.
 */
const overheadBytes = 512;
/** The most bytes that a window may take in Temporal's payloads (I7). */
const maxHeldWindowBytes = 512 * 1024;
/**
 * The most messages that the workflow holds. Messages of failed calls are not part of a window but are held too, so their
 * number needs a separate limit.
 */
const maxHeldMessages = 1_000;
/**
 * The most bytes that the workflow holds if messages are appended while the payload store cannot be reached. Its state must
 * stay below Temporal's limit of 2 MiB with the metadata, and calls must still find room.
 */
const maxWaitingBytes = 1024 * 1024;

/** The limits of a window. The workflow itself must not hold more than `entries` and `heldBytes`. */
interface Room {
  readonly entries: number;
  readonly messages: number;
  readonly textBytes: number;
  readonly heldBytes: number;
}

interface Entry {
  readonly message: SessionMessage;
  /** Size of the texts in bytes, whether they are in the workflow or in the payload store. */
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
   * Returns the window: the system prompt, and the newest messages that fit the limits, without those of failed calls. The
   * messages never begin with an answer whose prompt did not fit.
   */
  window({ system, window }: SessionSettings = {}): WindowMessage[] {
    const messages = this.entries
      .slice(this.startWithin(this.roomBeside(system), window))
      .filter(({ message }) => !message.failed)
      .map(({ message }) => windowMessage(message));
    const first = messages.findIndex(({ role }) => role !== 'assistant');
    const sent = first < 0 ? [] : messages.slice(first);
    return system === undefined ? sent : [systemMessage(system), ...sent];
  }

  /** Returns the messages before the window, if they are large enough for a segment (`olderBytes`); otherwise none. */
  overflow(): SessionMessage[] {
    const { olderBytes } = this.limits;
    if (olderBytes === undefined) return [];
    const before = this.entries.slice(0, this.startWithin(this.roomBeside()));
    const bytes = before.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    return bytes >= olderBytes ? before.map(({ message }) => message) : [];
  }

  /** How many messages there are. */
  get length(): number {
    return this.entries.length;
  }

  /** Whether so much waits to be moved to the payload store that nothing more should be added except what calls add. */
  get isFull(): boolean {
    return this.entries.reduce((sum, { heldBytes }) => sum + heldBytes, 0) > maxWaitingBytes;
  }

  /** Whether the oldest messages are no longer part of the window. */
  get isLongerThanWindow(): boolean {
    return this.startWithin(this.roomBeside()) > 0;
  }

  dropOldest(count: number): void {
    this.entries = this.entries.slice(count);
  }

  /** Returns the node's limits of the window, less what the system prompt takes. */
  private roomBeside(system?: StoredText): Room {
    const { windowMessages, windowBytes } = this.limits;
    return {
      entries: maxHeldMessages,
      messages: windowMessages,
      textBytes: windowBytes - (system === undefined ? 0 : contentBytes(system)),
      heldBytes: maxHeldWindowBytes - (system === undefined ? 0 : inlineBytes(system)),
    };
  }

  /**
   * Returns the index of the oldest entry that fits into the window. Without the session's own limits this decides what the
   * workflow holds, so that a wider window takes effect at once.
   */
  private startWithin(room: Room, { turns = Infinity, characters = Infinity }: WindowLimits = {}): number {
    const left = { ...room, turns, characters };
    const newestThatDoesNotFit = this.entries.findLastIndex(({ message, textBytes: bytes, heldBytes }) => {
      left.entries -= 1;
      left.heldBytes -= heldBytes;
      if (!message.failed) {
        left.messages -= 1;
        left.textBytes -= bytes;
        if (message.role === 'user') left.turns -= 1;
        if (characters < Infinity) left.characters -= contentCharacters(message.content);
      }
      return Object.values(left).some((rest) => rest < 0);
    });
    return newestThatDoesNotFit + 1;
  }
}

function toEntry(message: SessionMessage): Entry {
  const { content } = message;
  return {
    message,
    textBytes: contentBytes(content),
    heldBytes: overheadBytes * textsIn(content).length + inlineBytes(content),
  };
}
