/** What a session does about calls that another call interrupts: it cancels them, and tells them in its memo by which call. */
import { condition, getExternalWorkflowHandle, upsertMemo, workflowInfo } from '@temporalio/workflow';
import { callWorkflowId } from '../domain/ids.ts';
import type { SessionMemo } from '../domain/session.ts';
import type { Superseded } from '../domain/turn.ts';
import { firstResendMs, isDelivered, lastResendMs } from './delivery.ts';
import type { SessionRun } from './session-run.ts';

/** How long the memo names an interrupted call. The call reads it when it is cancelled, so within moments. */
const toldMs = 60_000;
/** How many earlier ones the memo names at most, because each interruption writes all of it to the history again. */
const maxToldBefore = 100;

/**
 * No command may depend on whether a cancellation has been delivered already: that alone makes a task without commands, which a
 * replay gives to the workflow together with the next task, updates first.
 */
export class Interruptions {
  private told: Map<string, Superseded>;
  private readonly uncancelled = new Set<string>();
  private readonly run: SessionRun;
  private cancelling = 0;

  constructor(run: SessionRun) {
    this.run = run;
    const { superseded = {} }: SessionMemo = workflowInfo().memo ?? {};
    this.told = new Map(Object.entries(superseded));
  }

  /** Whether no cancellation is under way. */
  get areIdle(): boolean {
    return this.cancelling === 0;
  }

  /** Returns the ids of the calls that the session's next run must cancel. */
  state(): { readonly uncancelled?: readonly string[] } {
    return this.uncancelled.size > 0 ? { uncancelled: [...this.uncancelled] } : {};
  }

  /** Tells the calls that `by` interrupts them, and cancels them. One of them may hold the turn. */
  begin(callIds: readonly string[], by: string): void {
    if (callIds.length === 0) return;
    const now = Date.now();
    const holderId = this.run.book.holder?.callId;
    const earlier = [...this.told].filter(([, { at }]) => now - at <= toldMs);
    this.told = new Map(earlier.slice(-maxToldBefore));
    for (const callId of callIds) this.told.set(callId, { by, leavesMessage: callId === holderId, at: now });
    upsertMemo({ superseded: Object.fromEntries(this.told) } satisfies SessionMemo);
    for (const callId of callIds) void this.cancel(callId);
  }

  /** Cancels an interrupted call that asks for its turn nevertheless. */
  repeat(callId: string, by: string): void {
    if (this.told.has(callId)) void this.cancel(callId);
    else this.begin([callId], by);
  }

  /**
   * Cancels the call. If it does not exist yet, repeats this with backoff, and leaves it to the session's next run if the
   * session should continue as new. A call that starts even later asks for its turn, and is then cancelled again.
   */
  async cancel(callId: string): Promise<void> {
    this.cancelling += 1;
    if (!(await this.deliver(callId)) && this.run.mustRenew) this.uncancelled.add(callId);
    this.cancelling -= 1;
  }

  /** Returns whether nothing is left to do. */
  private async deliver(callId: string): Promise<boolean> {
    const { run } = this;
    const call = getExternalWorkflowHandle(callWorkflowId(callId));
    for (let pauseMs = firstResendMs; ; pauseMs *= 2) {
      if ((await isDelivered(call.cancel())) || pauseMs > lastResendMs) return true;
      const ends = (): boolean => run.book.hasEnding(callId) || run.mustRenew || run.closed;
      // Tested first, because a timer that is cancelled at once leaves no event but takes a number.
      if (ends() || (await condition(ends, pauseMs))) return run.book.hasEnding(callId);
      run.noteLength();
    }
  }
}
