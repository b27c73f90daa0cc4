/**
 * What calls and sessions that began before the upgrade still need of resets by the API, which are retired (ADR 0014).
 * A reset was a second run of an ended call. It held no turn of its session; its answer took the place of the call's
 * own failed message, unless a rerun had answered.
 *
 * Nothing that begins today enters this file, only:
 * - calls whose history has the marker `after-reset`;
 * - runs of sessions that began with a state without `withoutResets`. Their next run does not enter it.
 *
 * The file may go, with the recorded history `reset`, once both are gone: the longest deadline (24 h) and Temporal's
 * retention have passed since the upgrade, no older history is to be replayed, and every session has ended or renewed
 * itself.
 */
import { patched, workflowInfo } from '@temporalio/workflow';
import { MessageTail } from '../domain/message-tail.ts';
import { SessionBook } from '../domain/session-book.ts';
import type {
  SessionLimits,
  SessionMessage,
  SessionSegment,
  SessionState,
  Settlement,
  TurnCommit,
} from '../domain/session.ts';

/** How many answers of resets one session remembers, and how many calls that a rerun answered before they had failed. */
const maxRemembered = 500;

/** Tells a call whether this run of it was begun by a reset. */
export class ResetRun {
  private noticedAt: number | undefined;

  /** When the run went on after its reset: epoch ms by the workflow's clock. Undefined before, and in other runs. */
  get at(): number | undefined {
    // Asked in a replay only: elsewhere `patched` would add the marker to a history that has none.
    if (this.noticedAt === undefined && workflowInfo().unsafe.isReplaying && patched('after-reset'))
      this.noticedAt = Date.now();
    return this.noticedAt;
  }
}

/** What a call leaves in its session; `reset` where the run was begun by a reset. */
export interface OldTurnCommit extends TurnCommit {
  readonly reset?: true;
}

interface OldMessage extends SessionMessage {
  /** A rerun of this failed call has answered, so its reset may not answer any more. */
  readonly answeredByRerun?: true;
}

/** The state that an older run of a session began with. */
export interface OldSessionState extends SessionState {
  /** Calls that answered after a reset, so that none of their reruns may answer any more. */
  readonly resetCallIds?: readonly string[];
  /** Calls whose reruns answered before they had left a message themselves. */
  readonly overtakenCallIds?: readonly string[];
}

type Answer = OldTurnCommit & Required<Pick<TurnCommit, 'answer'>>;

/** The rules of an older run of a session. What `state()` returns for the next run has `withoutResets`. */
export class OldSessionBook extends SessionBook {
  private readonly answeredByReset: Set<string>;
  private readonly overtaken: Set<string>;

  constructor(state: OldSessionState, limits: SessionLimits) {
    super(state, limits);
    this.answeredByReset = new Set(state.resetCallIds);
    this.overtaken = new Set(state.overtakenCallIds);
  }

  /** Keeps one answer to a call: that of its reset, or those of its reruns. */
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
    // Where a reset has answered in one of them meanwhile, they stay, and are stored again as they are now.
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

  /** Puts the answer behind the call's failed message, which is failed no more. False: there is none, or a rerun answered. */
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

  /** A rerun of this call has answered. */
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
