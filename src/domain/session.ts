/** The state of a session and its changes. The rules are in session-book.ts (messages) and turn-queue.ts (turns). */
import type { Metadata, NewMessage, SessionMessage } from './message.ts';
import type { StoredText } from './stored-text.ts';
import type { Superseded, TurnCommit, TurnHolder } from './turn.ts';

/**
 * Refers to a session's messages in the payload store: the key of the newest segment, and the number of messages in the whole
 * chain of segments.
 */
export interface OlderMessages {
  readonly key: string;
  readonly count: number;
}

/** One segment of older messages, stored as JSON. `older` refers to the segment before it. */
export interface SessionSegment {
  readonly older?: OlderMessages;
  readonly messages: readonly SessionMessage[];
}

/** Limits of a session's window, beside those of the node. A turn begins with a user message. */
export interface WindowLimits {
  readonly turns?: number | undefined;
  /** Unicode characters of the texts. */
  readonly characters?: number | undefined;
}

/** What a session says to its agents beside its messages, and how much of those it sends. */
export interface SessionSettings {
  /** The system prompt: the first message of every window, and none of the session's messages. */
  readonly system?: StoredText;
  readonly window?: WindowLimits;
}

/** The content of a session as the `readSession` query returns it. */
export interface SessionContent extends SessionSettings {
  readonly sessionId: string;
  readonly userId?: string;
  readonly createdAt: string;
  readonly lastActivity: string;
  readonly older?: OlderMessages;
  /** The newest messages; earlier ones are in `older`. */
  readonly messages: readonly SessionMessage[];
  readonly metadata: Metadata;
  /** The call that holds the turn. If it has ended, the session does not know that yet, and its messages are still missing. */
  readonly holderId?: string;
}

/** The state that a session carries to its next run by continue-as-new. */
export interface SessionState extends SessionContent {
  /**
   * Id of the life: one session from its creation to its removal. A session created later under the same session id has
   * another life. Absent for sessions created before lives existed.
   */
  readonly life?: string;
  readonly turnsGranted: number;
  readonly holder?: TurnHolder;
  /** Set if the holder waited in the queue and has not been sent its turn yet. */
  readonly holderUntold?: true;
  /** Call ids in acceptance order. */
  readonly queue: readonly string[];
  /** When each waiting call was last sent its place in the queue, in epoch ms by call id. Absent if that is not known. */
  readonly queuedAt?: Readonly<Record<string, number>>;
  /** When the session first accepted each waiting call, in epoch ms by call id. Absent if that is not known. */
  readonly acceptedAt?: Readonly<Record<string, number>>;
  /** Bytes of metadata that the holder and the waiting calls may add, by call id. Calls without metadata are left out. */
  readonly expectedMetadata?: Readonly<Record<string, number>>;
  /** Ids of recently committed calls, oldest first. If absent, the call ids of the messages are used. */
  readonly recentCallIds?: readonly string[];
  /** Ids of calls that recently gave up their turn or place in the queue without leaving a message, oldest first. */
  readonly leftCallIds?: readonly string[];
  /** Calls that were interrupted, oldest first, each with the call that interrupted it. */
  readonly superseded?: Readonly<Record<string, string>>;
  /** Ids of interrupted calls whose cancellation has not been delivered yet. */
  readonly uncancelled?: readonly string[];
  /** The newest requests that appended messages, oldest first. */
  readonly appends?: readonly AppendRecord[];
  /** Set if the session was created for its own sake, not for a call: it stays even if it is empty. */
  readonly wanted?: true;
  /** Set if this run began after the API stopped resetting calls (workflows/old-histories.ts). */
  readonly withoutResets?: true;
}

/** Messages to append to a session without a call, as its workflow gets them. */
export interface Append {
  /** Identifies the request. If it is repeated, it appends nothing; with another fingerprint it is refused. */
  readonly id: string;
  /** Other ids that the same request may have had before Idempotency-Keys belonged to projects. */
  readonly earlierIds?: readonly string[];
  readonly fingerprint: string;
  readonly messages: readonly NewMessage[];
  readonly userId?: string;
  readonly metadata?: Metadata;
  /** The life to which the texts in the payload store belong. Absent if there are none. */
  readonly life?: string;
  /** Endings of calls of this session that the facade knows. The session takes them over first. */
  readonly taken?: readonly TurnCommit[];
}

/** What a session remembers of an append, to recognise its repeats. */
export type AppendRecord = Pick<Append, 'id' | 'fingerprint'>;

/** The answer to `appendMessages`. */
export interface Appended {
  /** How many messages the session has now. */
  readonly count: number;
  /** Whether the request was a repeat, which has appended nothing. */
  readonly repeated: boolean;
}

/** A change of a session's settings. Absent members stay as they are, null removes. */
export interface SettingsChange {
  readonly system?: StoredText | null;
  readonly window?: WindowLimits | null;
  /** The life to which the system prompt in the payload store belongs. Absent if it is not there. */
  readonly life?: string;
}

/** The memo of a session's workflow, which can be read without a worker. */
export interface SessionMemo {
  readonly life?: string | undefined;
  /** The calls that were interrupted lately, by call id. */
  readonly superseded?: Readonly<Record<string, Superseded>>;
}

/** The result of a session workflow, which completes only when the session is closed. */
export interface ClosedSession {
  /** Ids of the calls to delete with the session: all that the session remembers. Absent if the calls are kept. */
  readonly callIds?: readonly string[];
}

/** Limits of a session, from the settings of the node that created it. */
export interface SessionLimits {
  /** The most bytes of the session's merged metadata, as JSON. Absent means unlimited. */
  readonly maxMetadataBytes?: number;
  readonly maxQueued: number;
  readonly windowMessages: number;
  readonly windowBytes: number;
  /** Messages before the window move to the payload store once they take this many bytes. Absent means that they never do. */
  readonly olderBytes?: number;
  /** The session continues as new once its history has this many events. Absent means when Temporal suggests it, at 4,096. */
  readonly renewAtEvents?: number;
  /**
   * How often, in ms, the session looks whether the holder of its turn has ended, even if nobody asks. Must be well below the
   * namespace's retention.
   */
  readonly lookEveryMs?: number;
}

/** The state of an empty session. */
export function newSession(sessionId: string, nowMs: number, userId?: string): SessionState {
  const now = new Date(nowMs).toISOString();
  return {
    sessionId,
    ...(userId !== undefined && { userId }),
    createdAt: now,
    lastActivity: now,
    messages: [],
    metadata: {},
    turnsGranted: 0,
    queue: [],
    withoutResets: true,
  };
}
