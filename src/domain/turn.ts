/** The turns of a session: how a call asks for one, what the session answers, and how a turn ends. */
import type { Metadata, NewMessage, WindowMessage } from './message.ts';
import type { StoredText } from './stored-text.ts';

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
  /** The call that this one reruns. Only older session runs use it (workflows/old-histories.ts). */
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

/** Returns the place of a turn; without a turn nothing is known of it. */
export function placeOf({ runId, life }: TurnPlace = {}): TurnPlace {
  return { ...(runId !== undefined && { runId }), ...(life !== undefined && { life }) };
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
