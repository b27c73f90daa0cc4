/**
 * Compatibility with resets by the API, which no longer exist (ADR 0014). A reset was a second run of an ended call. It
 * held no turn of its session; its answer replaced the call's own failed message, unless a rerun had answered.
 *
 * New calls and sessions never use this file. Only these do:
 * - calls whose history has the marker `after-reset`;
 * - session runs that began with a state without `withoutResets`. Their next run does not.
 *
 * The file and the recorded history `reset` can be deleted when no such call or run is left: the longest deadline (24 h)
 * and Temporal's retention have passed since the upgrade, no older history needs to be replayed, and every session has
 * ended or continued as new.
 */
import { patched, workflowInfo } from '@temporalio/workflow';
import { MessageTail } from '../domain/message-tail.ts';
import { SessionBook } from '../domain/session-book.ts';
import type { SessionMessage } from '../domain/message.ts';
import type { SessionLimits, SessionSegment, SessionState } from '../domain/session.ts';
import type { Settlement, TurnCommit } from '../domain/turn.ts';

/** The most entries that one session remembers in each of the two sets below. */
const maxRemembered = 500;

/** Detects whether a reset began this run of the call. */
export class ResetRun {
  private noticedAt: number | undefined;

  /**
   * When the run continued after its reset (epoch ms, workflow clock). Undefined before that, and in runs that no reset began.
   */
  get at(): number | undefined {
    // Only in a replay: at other times `patched` would add the marker to a history without it.
    if (this.noticedAt === undefined && workflowInfo().unsafe.isReplaying && patched('after-reset'))
      this.noticedAt = Date.now();
    return this.noticedAt;
  }
}

/** A commit to a session. `reset` is set if a reset began the run that commits. */
export interface OldTurnCommit extends TurnCommit {
  readonly reset?: true;
}

interface OldMessage extends SessionMessage {
  /** Set if a rerun of this failed call has answered, so that its reset may no longer answer. */
  readonly answeredByRerun?: true;
}

/** The state with which an older session run began. */
export interface OldSessionState extends SessionState {
  /** Ids of calls that answered after a reset, so that their reruns may no longer answer. */
  readonly resetCallIds?: readonly string[];
  /** Ids of calls whose reruns answered before the calls themselves left a message. */
  readonly overtakenCallIds?: readonly string[];
}

type Answer = OldTurnCommit & Required<Pick<TurnCommit, 'answer'>>;

/** The rules of an older session run. The state for its next run has `withoutResets`. */
export class OldSessionBook extends SessionBook {
  private readonly answeredByReset: Set<string>;
  private readonly overtaken: Set<string>;

  constructor(state: OldSessionState, limits: SessionLimits) {
    super(state, limits);
    this.answeredByReset = new Set(state.resetCallIds);
    this.overtaken = new Set(state.overtakenCallIds);
  }

  /** Stores either the answer of a call's reset or the answers of its reruns, never both. */
  override settle(commit: OldTurnCommit, nowMs: number): Settlement {
    const { callId, answer, reset, rerunOf } = commit;
    if (!answer || (!reset && rerunOf === undefined)) return super.settle(commit, nowMs);
    const stored = this.accepts({ ...commit, answer }, nowMs);
    const inTurn = stored && !reset && this.holds(callId);
    const next = inTurn ? this.commit(commit, nowMs) : this.release(callId, nowMs);
    return { stored, ...(next && { next }) };
  }

  override append(message: SessionMessage): void {
    const { callId, failed } = message;
    const overtaken = callId !== undefined && failed === true && this.isOvertaken(callId);
    const marked: OldMessage = { ...message, ...(overtaken && { answeredByRerun: true }) };
    super.append(marked);
  }

  override movedOut(segment: SessionSegment, key: string): void {
    // If a reset has changed one of the messages meanwhile, they stay here and are stored again.
    const { messages } = this.tail;
    if (segment.messages.every((message, index) => messages[index] === message)) super.movedOut(segment, key);
  }

  private accepts({ callId, rerunOf, reset, answer }: Answer, nowMs: number): boolean {
    if (reset && this.answeredByReset.has(callId)) return true;
    if (!reset && !this.holds(callId)) return this.tail.messages.some((one) => one.callId === callId);
    if (rerunOf !== undefined && this.answeredByReset.has(rerunOf)) {
      this.recent.add(callId);
      return false;
    }
    if (reset && !this.answerInPlace(callId, answer, nowMs)) return false;
    if (rerunOf !== undefined) this.overtake(rerunOf);
    return true;
  }

  /**
   * Puts the answer after the call's failed message, and removes that message's mark `failed`. Returns false if the message is
   * missing or a rerun has answered.
   */
  private answerInPlace(callId: string, answer: Answer['answer'], nowMs: number): boolean {
    if (this.answeredByReset.size >= maxRemembered) return false;
    const timestamp = new Date(nowMs).toISOString();
    const found = this.replaceFailed(callId, (message) => {
      if (message.answeredByRerun) return undefined;
      const question: { failed?: true } & SessionMessage = { ...message };
      delete question.failed;
      return [question, { timestamp, role: 'assistant', ...answer, callId }];
    });
    if (!found) return false;
    this.answeredByReset.add(callId);
    this.content = { ...this.content, lastActivity: timestamp };
    return true;
  }

  /** Records that a rerun of this call has answered. */
  private overtake(callId: string): void {
    const marked = this.replaceFailed(callId, (message) => [{ ...message, answeredByRerun: true }]);
    if (!marked && !this.recent.has(callId) && this.overtaken.size < maxRemembered)
      this.overtaken.add(callId);
  }

  private isOvertaken(callId: string): boolean {
    return this.overtaken.has(callId) || this.overtaken.size >= maxRemembered;
  }

  private replaceFailed(
    callId: string,
    by: (message: OldMessage) => readonly OldMessage[] | undefined,
  ): boolean {
    const messages: OldMessage[] = this.tail.messages;
    const index = messages.findIndex((message) => message.callId === callId && message.failed === true);
    const message = messages[index];
    const replacement = message && by(message);
    if (!replacement) return false;
    this.tail = new MessageTail(messages.toSpliced(index, 1, ...replacement), this.limits);
    return true;
  }
}
