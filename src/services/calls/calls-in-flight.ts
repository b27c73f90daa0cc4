interface CallInFlight {
  readonly agent: string;
  /** This and the next by `performance.now()`: the wall clock may be set. */
  readonly forgetAt: number;
  /** When it is worth asking Temporal whether it has ended elsewhere, and how long to wait after that. */
  lookAt: number;
  pauseMs: number;
}

/** Most calls end sooner; long ones are looked at ever more rarely. */
const firstLookMs = 2_000;
const longestPauseMs = 60_000;

/** How many calls this node has started that have not ended as far as it knows: its load, for admission. */
export class CallsInFlight {
  private readonly calls = new Map<string, CallInFlight>();
  private readonly byAgent = new Map<string, number>();

  get size(): number {
    return this.calls.size;
  }

  has(callId: string): boolean {
    return this.calls.has(callId);
  }

  /** Of calls that asked for this agent. */
  ofAgent(agent: string): number {
    return this.byAgent.get(agent) ?? 0;
  }

  /** A call that ends on another node is forgotten once it is surely over, `mostMs` from now. */
  add(callId: string, agent: string, mostMs: number): void {
    this.done(callId);
    const now = performance.now();
    this.calls.set(callId, {
      agent,
      forgetAt: now + mostMs,
      lookAt: now + firstLookMs,
      pauseMs: firstLookMs,
    });
    this.byAgent.set(agent, this.ofAgent(agent) + 1);
  }

  done(callId: string): void {
    const call = this.calls.get(callId);
    if (!call) return;
    this.calls.delete(callId);
    const left = this.ofAgent(call.agent) - 1;
    if (left > 0) this.byAgent.set(call.agent, left);
    else this.byAgent.delete(call.agent);
  }

  /** Ids of at most `max` calls to look at now; each comes again after twice the time. */
  toLookAt(nowMs: number, max: number): string[] {
    const due = [...this.calls].filter(([, { lookAt }]) => lookAt <= nowMs).slice(0, max);
    for (const [, call] of due) {
      call.pauseMs = Math.min(2 * call.pauseMs, longestPauseMs);
      call.lookAt = nowMs + call.pauseMs;
    }
    return due.map(([callId]) => callId);
  }

  sweep(nowMs: number): void {
    for (const [callId, { forgetAt }] of this.calls) if (forgetAt <= nowMs) this.done(callId);
  }
}
