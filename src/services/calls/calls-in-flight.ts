interface CallInFlight {
  readonly agent: string;
  /**
   * The time by which the call has certainly ended. This time and `checkAt` are by `performance.now()`, which does not follow
   * the wall clock.
   */
  readonly forgetAt: number;
  /** When to ask Temporal next whether the call has ended elsewhere. */
  checkAt: number;
  /** The pause, in ms, after the check at `checkAt`. */
  pauseMs: number;
  readonly onDone: (() => void) | undefined;
}

/**
 * The time of a call's first check, before which most calls end. The pause between two checks doubles up to `longestPauseMs`.
 */
const firstCheckMs = 2_000;
const longestPauseMs = 60_000;
/** The longest pause for a call that is charged to a limited key or project. */
const chargedPauseMs = 4_000;

/**
 * Counts the calls that this node has started and that have not ended as far as it knows. They are the node's load, which
 * admission limits.
 */
export class CallsInFlight {
  private readonly calls = new Map<string, CallInFlight>();
  private readonly byAgent = new Map<string, number>();

  get size(): number {
    return this.calls.size;
  }

  has(callId: string): boolean {
    return this.calls.has(callId);
  }

  /** Returns how many calls in flight have this agent as the first of their chain. */
  ofAgent(agent: string): number {
    return this.byAgent.get(agent) ?? 0;
  }

  /**
   * Counts the call until `done` is called, but at most for `mostMs`, because this node may not notice the end of a call that
   * ends on another node. `onDone` is called once it no longer counts; a call that is counted already keeps its own.
   */
  add(callId: string, agent: string, mostMs: number, onDone = this.calls.get(callId)?.onDone): void {
    this.drop(callId);
    const now = performance.now();
    this.calls.set(callId, {
      agent,
      forgetAt: now + mostMs,
      checkAt: now + firstCheckMs,
      pauseMs: firstCheckMs,
      onDone,
    });
    this.byAgent.set(agent, this.ofAgent(agent) + 1);
  }

  /** Stops counting the call, because it has ended or was not started. Does nothing if the call is not counted. */
  done(callId: string): void {
    this.drop(callId)?.onDone?.();
  }

  private drop(callId: string): CallInFlight | undefined {
    const call = this.calls.get(callId);
    if (!call) return undefined;
    this.calls.delete(callId);
    const left = this.ofAgent(call.agent) - 1;
    if (left > 0) this.byAgent.set(call.agent, left);
    else this.byAgent.delete(call.agent);
    return call;
  }

  /**
   * Returns the ids of at most `max` calls that are due for a check, and schedules their next checks. The pause before the next
   * check doubles each time.
   */
  dueForCheck(nowMs: number, max: number): string[] {
    const due = [...this.calls].filter(([, { checkAt }]) => checkAt <= nowMs).slice(0, max);
    for (const [, call] of due) {
      // Somebody may wait to be allowed another call once this one has ended.
      call.pauseMs = Math.min(2 * call.pauseMs, call.onDone ? chargedPauseMs : longestPauseMs);
      call.checkAt = nowMs + call.pauseMs;
    }
    return due.map(([callId]) => callId);
  }

  /** Stops counting the calls that have certainly ended by `nowMs` (`performance.now()`). */
  sweep(nowMs: number): void {
    for (const [callId, { forgetAt }] of this.calls) if (forgetAt <= nowMs) this.done(callId);
  }
}
