/** Who has the turn of a session and who waits for it, in the order of acceptance (I4), and which calls were interrupted. */
import type { SessionLimits, SessionState } from './session.ts';
import type { TurnCommit, TurnHolder } from './turn.ts';
import { SupersededCalls } from './superseded-calls.ts';

/** How many interrupted calls are remembered, beside those that one call can interrupt at once. */
const maxSuperseded = 500;

interface GrantTimes {
  readonly queuedAt?: number | undefined;
  readonly acceptedAt: number | undefined;
}

export class TurnQueue {
  private granted: number;
  private current: TurnHolder | undefined;
  private queue: string[];
  /** When each waiting call was last sent its place in the queue. */
  private readonly queuedAt: Map<string, number>;
  /** When each waiting call was first accepted. */
  private readonly acceptedAt: Map<string, number>;
  private readonly superseded: SupersededCalls;

  constructor(state: SessionState, { maxQueued }: SessionLimits) {
    this.granted = state.turnsGranted;
    this.current = state.holder;
    this.queue = [...state.queue];
    this.queuedAt = new Map(Object.entries(state.queuedAt ?? {}));
    this.acceptedAt = new Map(Object.entries(state.acceptedAt ?? {}));
    this.superseded = new SupersededCalls(maxSuperseded + maxQueued, state.superseded);
  }

  get holder(): TurnHolder | undefined {
    return this.current;
  }

  /** Ids of the waiting calls in the order of their turns. */
  get waiting(): readonly string[] {
    return this.queue;
  }

  /** Ids of the call that holds the turn and of those that wait, in the order of their turns. */
  get inFlight(): string[] {
    return [...(this.current ? [this.current.callId] : []), ...this.queue];
  }

  /** Ids of the calls that hold or wait for the turn, apart from those whose endings are `taken`. */
  inFlightBeside(taken: readonly TurnCommit[]): string[] {
    const ended = new Set(taken.map(({ callId }) => callId));
    return this.inFlight.filter((callId) => !ended.has(callId));
  }

  holds(callId: string): boolean {
    return this.current?.callId === callId;
  }

  waits(callId: string): boolean {
    return this.queue.includes(callId);
  }

  /** When the call was first accepted, if that is known (epoch ms). */
  acceptanceOf(callId: string): number | undefined {
    return this.holds(callId) ? this.current?.acceptedAt : this.acceptedAt.get(callId);
  }

  /** Returns the call that interrupted this one; undefined if none has. */
  interrupterOf(callId: string): string | undefined {
    return this.superseded.get(callId);
  }

  /** Grants the turn if nobody has it, or renews the grant of its holder; otherwise gives a place in the queue, from 1. */
  open(callId: string, nowMs: number): TurnHolder | { readonly position: number } {
    // Without a holder the queue is empty: `release` grants the turn to the next call at once.
    const holder = this.current ?? this.grant(callId, nowMs, { acceptedAt: nowMs });
    if (holder.callId === callId) {
      const { turnNumber, acceptedAt, seen } = holder;
      this.current = {
        callId,
        turnNumber,
        grantedAt: nowMs,
        ...(acceptedAt !== undefined && { acceptedAt }),
        ...(seen && { seen }),
      };
      return this.current;
    }
    if (!this.waits(callId)) {
      this.queue.push(callId);
      this.acceptedAt.set(callId, nowMs);
    }
    this.queuedAt.set(callId, nowMs);
    return { position: this.queue.indexOf(callId) + 1 };
  }

  /** Records that the call `by` interrupts all others but those in `taken`. Returns those that were not interrupted before. */
  interrupt(by: string, taken: readonly TurnCommit[]): string[] {
    const interrupted = this.inFlightBeside(taken).filter((callId) => !this.superseded.has(callId));
    for (const callId of interrupted) this.superseded.add(callId, by);
    return interrupted;
  }

  /** Records that the call of this turn has been seen to exist. */
  markSeen(turnNumber: number): void {
    if (this.current?.turnNumber === turnNumber) this.current = { ...this.current, seen: true };
  }

  /** Records that the call runs: it has asked for its turn itself. It may have lost the turn for which it was started. */
  markRunning(callId: string): void {
    this.acceptedAt.delete(callId);
    if (this.current?.callId === callId) this.markSeen(this.current.turnNumber);
  }

  /** Takes the turn, or the place in the queue, from the call. Returns the new holder, if the turn moves on. */
  release(callId: string, nowMs: number): TurnHolder | undefined {
    this.queue = this.queue.filter((waiting) => waiting !== callId);
    this.queuedAt.delete(callId);
    this.acceptedAt.delete(callId);
    if (!this.holds(callId)) return undefined;
    this.current = undefined;
    const next = this.queue.shift();
    if (next === undefined) return undefined;
    const times = { queuedAt: this.queuedAt.get(next), acceptedAt: this.acceptedAt.get(next) };
    this.queuedAt.delete(next);
    this.acceptedAt.delete(next);
    return this.grant(next, nowMs, times);
  }

  /** Returns what continue-as-new carries to the next run. */
  state(): Pick<
    SessionState,
    'turnsGranted' | 'holder' | 'queue' | 'queuedAt' | 'acceptedAt' | 'superseded'
  > {
    return {
      turnsGranted: this.granted,
      ...(this.current && { holder: this.current }),
      queue: this.queue,
      ...(this.queuedAt.size > 0 && { queuedAt: Object.fromEntries(this.queuedAt) }),
      ...(this.acceptedAt.size > 0 && { acceptedAt: Object.fromEntries(this.acceptedAt) }),
      ...this.superseded.state(),
    };
  }

  private grant(callId: string, nowMs: number, { queuedAt, acceptedAt }: GrantTimes): TurnHolder {
    this.granted += 1;
    this.current = {
      callId,
      turnNumber: this.granted,
      grantedAt: nowMs,
      ...(queuedAt !== undefined && { queuedAt }),
      ...(acceptedAt !== undefined && { acceptedAt }),
    };
    return this.current;
  }
}
