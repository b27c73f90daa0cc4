/** The types of a session. The rules of its turns and messages are in session-book.ts. */
import type { Content } from './content.ts';
import type { StoredText } from './stored-text.ts';

/** Metadata that callers attach; a session merges that of all its calls. */
export type Metadata = Readonly<Record<string, unknown>>;

/** A message in the form in which an agent gets it. */
export interface WindowMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: Content;
}

/** A message as a session stores it. */
export interface SessionMessage extends WindowMessage {
  /** ISO 8601 UTC. */
  readonly timestamp: string;
  /** The agent that answered; only on an assistant's message. */
  readonly agent?: string;
  readonly callId?: string;
  /** Set on a user message whose call failed. The message is kept for people and never sent to an agent. */
  readonly failed?: true;
  /** The call that interrupted this one; only on a failed message. */
  readonly supersededBy?: string;
  /**
   * Set if the text is lost; `content` then says so. It is set when a damaged payload store is read, and kept by an export and
   * import; also if Temporal removed the call before the session had its ending.
   */
  readonly lost?: true;
}

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

/** The call that holds the turn. A turn does not expire by itself, see workflows/turn-holding.ts. */
export interface TurnHolder {
  readonly callId: string;
  readonly turnNumber: number;
  readonly grantedAt: number;
  /**
   * When the call was last sent its place in the queue (epoch ms). Absent if the call was granted its turn directly, in the
   * reply to its request.
   */
  readonly queuedAt?: number;
  /** When the session first accepted the call (epoch ms). A repeated request renews `grantedAt`, but not this. */
  readonly acceptedAt?: number;
  /** Set if the call has been seen to run: it got the signal with its turn, asked for its turn itself, or was found running. */
  readonly seen?: true;
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
  /** Set if this run began after the API stopped resetting calls (workflows/resets-in-old-histories.ts). */
  readonly withoutResets?: true;
}

/** The ending of a call as its session takes it over: what the call adds to the messages. */
export interface TurnCommit {
  readonly callId: string;
  /** The life that granted the turn. A session of another life ignores the commit. Absent in older commits. */
  readonly life?: string;
  /** When the call was started and when it ended (epoch ms, Temporal's clock). Absent if the call commits before it ends. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** What the call adds, in order. Absent in commits of older calls, which have `prompt` and `answer` instead. */
  readonly messages?: readonly NewMessage[];
  /** Set if the call failed. Its messages are kept for people and never sent to an agent. */
  readonly failed?: true;
  /** Only in commits of older calls. Without an answer the call failed. */
  readonly prompt?: StoredText;
  readonly answer?: { readonly agent: string; readonly content: StoredText };
  readonly userId?: string;
  readonly metadata?: Metadata;
  /** Set if the call was cancelled or terminated. Absent as well if the call commits before it ends. */
  readonly cancelled?: true;
  /** The call that this one reruns. Only older session runs use it (workflows/resets-in-old-histories.ts). */
  readonly rerunOf?: string;
  /**
   * Set if the call ended before it knew that it had a turn. If it failed, its message is stored even if it still waits in the
   * queue; if it was cancelled, only if it holds the turn.
   */
  readonly endedWaiting?: 'failed' | 'cancelled';
}

/** The result of a commit. */
export interface Settlement {
  /** Whether the session stores the call's turn, from this commit or an earlier one. */
  readonly stored: boolean;
  /** The new holder, if the turn passed to another call. */
  readonly next?: TurnHolder;
}

/** Which life of a session a turn belongs to. Both members are absent in data from before lives existed. */
export interface TurnPlace {
  /** The session run that granted the turn or queued the call. A message sent to that run reaches this life or fails. */
  readonly runId?: string;
  readonly life?: string;
}

/**
 * What a call wants of a session that is busy, i.e. whose turn is held or waited for by other calls: to be refused, or to have
 * those calls cancelled. Without it the call waits for its turn.
 */
export type WhenBusy = 'reject' | 'interrupt';

/** What a facade that asks for a turn knows and can do, beyond the call itself. */
export interface TurnWish {
  /** Endings of calls of this session that the facade knows. The session takes them over first. */
  readonly taken?: readonly TurnCommit[];
  /** Set if this request has asked before and has not started the call yet: the reply alone can grant it the turn. */
  readonly again?: true;
  /** Set by a facade that tells the session how the call has ended, so that the call itself need not. */
  readonly tellsEnding?: true;
  /** What to do if the session is busy. Ignored if the session knows the call already, because the request is then a repeat. */
  readonly whenBusy?: WhenBusy;
}

/** A message that is added to a session, by a call or without one. */
export interface NewMessage extends WindowMessage {
  /** Who said it; only on an assistant's message. */
  readonly agent?: string;
}

/** Messages to append to a session without a call, as its workflow gets them. */
export interface Append {
  /** Identifies the request. If it is repeated, it appends nothing; with another fingerprint it is refused. */
  readonly id: string;
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

/** How the session learns of the call's ending. */
interface EndingRule {
  /**
   * Set if the call sends its session nothing: the session takes the ending over from the call's history. Absent if the call
   * commits its turn before it ends, because the session or the facade is of an older version.
   */
  readonly endsByItself?: true;
}

/** The reply that grants the turn: the call may ask its agents now. */
export interface GrantedTurn extends TurnPlace, EndingRule {
  readonly state: 'granted';
  readonly turnNumber: number;
  /** Epoch ms by the session's clock. */
  readonly grantedAt: number;
  readonly window: readonly WindowMessage[];
}

/** The reply that the call must wait for its turn. */
export interface QueuedTurn extends TurnPlace, EndingRule {
  readonly state: 'queued';
  /** The call's position in the queue, from 1. 0 if the call was interrupted and gets no turn. */
  readonly position: number;
  /** The call that interrupted this one. This call waits to be cancelled. */
  readonly supersededBy?: string;
  /**
   * Set if the session will send the granted turn in a signal. Absent in older histories, in which the signal carries nothing
   * and the call asks for its turn again.
   */
  readonly comesByItself?: true;
}

/** What only the facade that asked needs of a reply. Absent in replies of older sessions. */
export interface TurnHints {
  /** The call that holds the turn. If it has ended and the session does not know that, the facade may tell the session. */
  readonly holderId: string;
  /** How many events the session's history had. If it has grown when the call ends, others wait or have read. */
  readonly historyLength: number;
  /** The calls that this request has interrupted. The session cancels them. */
  readonly interrupted?: readonly string[];
}

/** What a session says, when it refuses a turn, of the call that holds the turn. Empty if there is none. */
export interface RefusalDetails {
  readonly holderId?: string;
  /** When the session last granted that call the turn (epoch ms). Older session runs do not say so. */
  readonly grantedAt?: number;
}

/** What a reply has beside the turn. */
interface ReplyExtras {
  readonly hints?: TurnHints;
  /** Set if the session knows `whenBusy` and has followed it. Older workers ignore it. */
  readonly heeded?: true;
}

/** The answer to `openTurn`. `committed` means that this call has already had its turn. */
export type TurnReply = ((GrantedTurn | QueuedTurn) & ReplyExtras) | { readonly state: 'committed' };

/** What a session says of a call that was interrupted. */
export interface Superseded {
  /** The call that interrupted it. */
  readonly by: string;
  /** Whether the call leaves a failed message, because it had the turn. */
  readonly leavesMessage: boolean;
  /** When it was interrupted (epoch ms). */
  readonly at: number;
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
