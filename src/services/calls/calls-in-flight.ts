/** Who is charged for a call. */
export interface Payer {
  /** Throws the refusal `prompt_not_allowed`. */
  requirePrompt(bytes: number): void;
  /** Throws the refusal `limit_reached`. */
  charge(): Charge;
}

/** What a key or a project was charged for a call. */
export interface Charge {
  /** The call is no longer in flight. */
  ended(): void;
  /** The call was not accepted, or had been charged before. */
  giveBack(): void;
}

/** What a request for a call led to: it started the call, found it started, or was refused. */
export type Outcome = 'started' | 'attached' | 'refused';

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
  charge: Charge | undefined;
  /** Requests for the call that have no outcome yet. */
  open: number;
  /** Whether one of them has started the call, or it was started before this node counted it. */
  isStarted: boolean;
  /** Whether one of them has found the call started by somebody else. */
  isFound: boolean;
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

  /** Counts a call that was started before, until `done` is called, but at most for `mostMs`. */
  add(callId: string, agent: string, mostMs: number): void {
    this.count(callId, agent, mostMs).isStarted = true;
  }

  /**
   * Counts the call for a request that may start it, until `done` is called, but at most for `mostMs`, because this node may not
   * notice the end of a call that ends on another node. Requests for the same call share its place and its charge. Returns the
   * function with which each says its outcome, once. If none of them has started the call, the charge is given back in the end;
   * if none has found it either, it no longer counts.
   */
  enter(callId: string, agent: string, mostMs: number, charge?: Charge): (outcome: Outcome) => void {
    const call = this.calls.get(callId) ?? this.count(callId, agent, mostMs, charge);
    call.open += 1;
    let isSaid = false;
    return (outcome) => {
      if (isSaid) return;
      isSaid = true;
      call.open -= 1;
      call.isStarted ||= outcome === 'started';
      call.isFound ||= outcome === 'attached';
      if (call.open > 0 || call.isStarted) return;
      call.charge?.giveBack();
      call.charge = undefined;
      if (!call.isFound && this.calls.get(callId) === call) this.done(callId);
    };
  }

  private count(callId: string, agent: string, mostMs: number, charge?: Charge): CallInFlight {
    const now = performance.now();
    const call = {
      agent,
      forgetAt: now + mostMs,
      checkAt: now + firstCheckMs,
      pauseMs: firstCheckMs,
      charge,
      open: 0,
      isStarted: false,
      isFound: false,
    };
    this.calls.set(callId, call);
    this.byAgent.set(agent, this.ofAgent(agent) + 1);
    return call;
  }

  /** Stops counting the call, because it has ended or was not started. Does nothing if the call is not counted. */
  done(callId: string): void {
    this.drop(callId)?.charge?.ended();
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
    const due = [...this.calls]
      .filter(([, { checkAt }]) => checkAt <= nowMs)
      .sort(([, one], [, other]) => one.checkAt - other.checkAt) // So that none waits for ever.
      .slice(0, max);
    for (const [, call] of due) {
      // Somebody may wait to be allowed another call once this one has ended.
      call.pauseMs = Math.min(2 * call.pauseMs, call.charge ? chargedPauseMs : longestPauseMs);
      call.checkAt = nowMs + call.pauseMs;
    }
    return due.map(([callId]) => callId);
  }

  /** Stops counting the calls that have certainly ended by `nowMs` (`performance.now()`). */
  sweep(nowMs: number): void {
    for (const [callId, { forgetAt }] of this.calls) if (forgetAt <= nowMs) this.done(callId);
  }
}
