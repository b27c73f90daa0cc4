interface CallInFlight {
  readonly agent: string;
  /** When the call has ended for certain. This and the next by `performance.now()`, which does not follow the wall clock. */
  readonly forgetAt: number;
  /** When to ask Temporal next whether the call has ended elsewhere. */
  checkAt: number;
  /** How long to wait after that check. */
  pauseMs: number;
}

/** Most calls end before their first check. The pause between two checks doubles up to the longest. */
const firstCheckMs = 2_000;
const longestPauseMs = 60_000;

/** The calls that this node has started and that have not ended as far as it knows: its load, for admission. */
export class CallsInFlight {
  private readonly calls = new Map<string, CallInFlight>();
  private readonly byAgent = new Map<string, number>();

  get size(): number {
    return this.calls.size;
  }

  has(callId: string): boolean {
    return this.calls.has(callId);
  }

  /** How many calls in flight have this agent as the first of their chain. */
  ofAgent(agent: string): number {
    return this.byAgent.get(agent) ?? 0;
  }

  /** Counts the call, until `done`, or for `mostMs`: this node may not hear of a call that ends on another. */
  add(callId: string, agent: string, mostMs: number): void {
    this.done(callId);
    const now = performance.now();
    this.calls.set(callId, {
      agent,
      forgetAt: now + mostMs,
      checkAt: now + firstCheckMs,
      pauseMs: firstCheckMs,
    });
    this.byAgent.set(agent, this.ofAgent(agent) + 1);
  }

  /** The call has ended, or was not started. Does nothing if the call is not counted. */
  done(callId: string): void {
    const call = this.calls.get(callId);
    if (!call) return;
    this.calls.delete(callId);
    const left = this.ofAgent(call.agent) - 1;
    if (left > 0) this.byAgent.set(call.agent, left);
    else this.byAgent.delete(call.agent);
  }

  /** Ids of at most `max` calls that are to be checked now. The next check of each follows after twice the pause. */
  dueForCheck(nowMs: number, max: number): string[] {
    const due = [...this.calls].filter(([, { checkAt }]) => checkAt <= nowMs).slice(0, max);
    for (const [, call] of due) {
      call.pauseMs = Math.min(2 * call.pauseMs, longestPauseMs);
      call.checkAt = nowMs + call.pauseMs;
    }
    return due.map(([callId]) => callId);
  }

  /** Drops the calls that have ended for certain by now. */
  sweep(nowMs: number): void {
    for (const [callId, { forgetAt }] of this.calls) if (forgetAt <= nowMs) this.done(callId);
  }
}
