/**
 * What calls and sessions of before need of the API's reset, which is retired (ADR 0014). It was a second run of an ended call;
 * that run owned no turn, and its answer took the place of the call's own failure in the session, unless a rerun had answered.
 *
 * Only replays enter this file, and what began before: a call whose history holds the marker `after-reset`, and a session's run
 * whose state lacks `withoutResets`. It may go, with the recorded history `reset`, once no such call runs or is replayed any
 * more (the longest deadline and the retention have passed since the upgrade), and every session has ended or renewed itself.
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

/** How many resets' answers, and how many reruns that answered before their call had failed, one session remembers. */
const maxRemembered = 500;

/** Whether this run of a call is one that a reset began. */
export class ResetRun {
  private noticedAt: number | undefined;

  /** When it went on after its reset, by the workflow's clock, epoch ms. Undefined in every other run, and before that point. */
  get at(): number | undefined {
    // Asked in a replay only: elsewhere `patched` would add the marker to a history that has none.
    if (this.noticedAt === undefined && workflowInfo().unsafe.isReplaying && patched('after-reset'))
      this.noticedAt = Date.now();
    return this.noticedAt;
  }
}

/** A commit as runs that a reset began send it. */
export interface CommitBefore extends TurnCommit {
  readonly reset?: true;
}

interface MessageBefore extends SessionMessage {
  /** A rerun of this failed call has answered: its reset may not any more. */
  readonly answeredByRerun?: true;
}

/** The state with which a run began before. */
export interface StateBefore extends SessionState {
  /** Calls that answered after a reset: no rerun of theirs may any more. */
  readonly resetCallIds?: readonly string[];
  /** Calls whose reruns answered before they had left a message themselves. */
  readonly overtakenCallIds?: readonly string[];
}

type Answer = CommitBefore & Required<Pick<TurnCommit, 'answer'>>;

/** The book of a session's run that began before. Its next run begins with `SessionBook.state()`, and is a new one. */
export class SessionBookBefore extends SessionBook {
  private readonly answeredByReset: Set<string>;
  private readonly overtaken: Set<string>;

  constructor(state: StateBefore, limits: SessionLimits) {
    super(state, limits);
    this.answeredByReset = new Set(state.resetCallIds);
    this.overtaken = new Set(state.overtakenCallIds);
  }

  /** Of a rerun's and a reset's answer to one call only one is kept. */
  override settle(commit: CommitBefore, nowMs: number): Settlement {
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
    const marked: MessageBefore = { ...message, ...(overtaken && { answeredByRerun: true }) };
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

  /** Right behind the call's failed message, which is failed no more. False where there is none, or a rerun has answered it. */
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
    by: (message: MessageBefore) => readonly MessageBefore[] | undefined,
  ): boolean {
    const messages: MessageBefore[] = this.tail.messages;
    const index = messages.findIndex((message) => message.callId === callId && message.failed === true);
    const message = messages[index];
    const replacement = message && by(message);
    if (!replacement) return false;
    this.tail = new MessageTail(messages.toSpliced(index, 1, ...replacement), this.limits);
    return true;
  }
}
