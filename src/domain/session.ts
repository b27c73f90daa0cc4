/** A session's shapes. The rules of its turns and messages are in session-book.ts. */
import type { StoredText } from './stored-text.ts';

export type Metadata = Readonly<Record<string, unknown>>;

export interface WindowMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: StoredText;
}

export interface SessionMessage extends WindowMessage {
  /** ISO 8601 UTC. */
  readonly timestamp: string;
  /** Who answered, on an assistant's message. */
  readonly agent?: string;
  readonly callId?: string;
  /** The call of this user message failed: kept for people, never sent to an agent. */
  readonly failed?: true;
  /** A rerun of that call has answered: its reset may not any more. */
  readonly answeredByRerun?: true;
  /** Its text is lost: `content` says so instead. Of what was read from a damaged store, or of its import. */
  readonly lost?: true;
}

/** Messages that have moved to the payload store: the newest segment of a chain, and how many there are in all. */
export interface OlderMessages {
  readonly key: string;
  readonly count: number;
}

/** One link of that chain as it is stored, as JSON. */
export interface SessionSegment {
  readonly older?: OlderMessages;
  readonly messages: readonly SessionMessage[];
}

/** What a reader of a session sees. */
export interface SessionContent {
  readonly sessionId: string;
  readonly userId?: string;
  readonly createdAt: string;
  readonly lastActivity: string;
  readonly older?: OlderMessages;
  /** Those after the older ones. */
  readonly messages: readonly SessionMessage[];
  readonly metadata: Metadata;
}

/** The turn's lease: it has no clock of its own, see workflows/session.ts. */
export interface TurnHolder {
  readonly callId: string;
  readonly turnNumber: number;
  readonly grantedAt: number;
  /** When it was last told its place in the queue. Absent: it was granted its turn by the reply to its request. */
  readonly queuedAt?: number;
}

/** Everything that continue-as-new carries. */
export interface SessionState extends SessionContent {
  /** From its creation to its removal: another session of its id has another. Absent: created before there were lives. */
  readonly life?: string;
  readonly turnsGranted: number;
  readonly holder?: TurnHolder;
  /** It had waited, and is to be told of its turn still. */
  readonly holderUntold?: true;
  /** Call ids in acceptance order. */
  readonly queue: readonly string[];
  /** When those calls were last told their place, epoch ms. Absent: not known. */
  readonly queuedAt?: Readonly<Record<string, number>>;
  /** What the metadata of the holder and of those that wait may add, in bytes; calls without any are left out. */
  readonly expectedMetadata?: Readonly<Record<string, number>>;
  /** Calls that committed lately, oldest first. Absent: those of the messages. */
  readonly recentCallIds?: readonly string[];
  /** Calls that gave up their turn or their wait lately and left no message, oldest first. */
  readonly leftCallIds?: readonly string[];
  /** Calls that answered after a reset: no rerun of theirs may any more. */
  readonly resetCallIds?: readonly string[];
  /** Calls whose reruns answered before they had left anything here themselves. */
  readonly overtakenCallIds?: readonly string[];
}

/** What a call leaves in its session. */
export interface TurnCommit {
  readonly callId: string;
  readonly prompt: StoredText;
  /** Absent: the call failed. */
  readonly answer?: { readonly agent: string; readonly content: StoredText };
  readonly userId?: string;
  readonly metadata?: Metadata;
  readonly rerunOf?: string;
  /** By a run that a reset began: it owns no turn. */
  readonly reset?: true;
  /** The call ended before it knew of a turn. A failed one leaves its message even so, a cancelled one only as the holder. */
  readonly endedWaiting?: 'failed' | 'cancelled';
}

/** The commit of an answer that may be a second one to the same request: by a rerun, or after a reset. */
export type SecondAnswer = TurnCommit & Required<Pick<TurnCommit, 'answer'>>;

/** What became of a commit that the session may decline. */
export interface Settlement {
  readonly stored: boolean;
  /** Who holds the turn now, if that is new. */
  readonly next?: TurnHolder;
}

/** Which session a turn is of. Both absent: it is of before there were lives. */
export interface TurnPlace {
  /** The run that told of it: what is sent to that run reaches this life or none. */
  readonly runId?: string;
  readonly life?: string;
}

/** The session's say on a call's turn (see workflows/session.ts). */
export interface GrantedTurn extends TurnPlace {
  readonly state: 'granted';
  readonly turnNumber: number;
  /** Epoch ms by the session's clock. */
  readonly grantedAt: number;
  readonly window: readonly WindowMessage[];
}
export interface QueuedTurn extends TurnPlace {
  readonly state: 'queued';
  readonly position: number;
  /** The session sends the turn once it is the call's. Absent: it only wakes the call, which asks again. */
  readonly comesByItself?: true;
}

/** `committed`: this call has had its turn. */
export type TurnReply = GrantedTurn | QueuedTurn | { readonly state: 'committed' };

/** How a session ends: by its closing alone. Its last run stands for what is to be deleted, until that is gone. */
export interface ClosedSession {
  /** Calls of this session are to be deleted with it, these among them. Absent: none are. */
  readonly callIds?: readonly string[];
}

export interface SessionLimits {
  /** Of all calls' metadata merged, as JSON. Absent: no bound. */
  readonly maxMetadataBytes?: number;
  readonly maxQueued: number;
  readonly windowMessages: number;
  readonly windowBytes: number;
  /** Messages before the window move to the payload store once they take this much. Absent: never. */
  readonly olderBytes?: number;
  /** The session continues as new once its history has so many events. Absent: when Temporal suggests it, at 4,096. */
  readonly renewAtEvents?: number;
}

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
  };
}
