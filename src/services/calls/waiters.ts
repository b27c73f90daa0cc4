/**
 * Keeps track of the clients that wait on this node for calls with `on_disconnect: cancel`. Such a call is cancelled once all
 * of its clients are gone.
 */
import { LRUCache } from 'lru-cache';
import type { CallFields } from '../../domain/call-fields.ts';
import { callKey } from '../../domain/cache-keys.ts';

/**
 * How a client stops waiting:
 * - `answered`: it got the call's ending, or the address at which to look for it
 * - `gone`: it disconnected before that
 * - `refused`: its request was refused
 */
export type Leaving = 'answered' | 'gone' | 'refused';

interface Waited {
  readonly call: CallFields;
  waiting: number;
  /** Whether a client that waited has disconnected. */
  abandoned: boolean;
  /** The timer that cancels the call. */
  grace?: NodeJS.Timeout;
}

/** Counts the waiting clients of each call and cancels a call that all have left. */
export class Waiters {
  private readonly calls = new Map<string, Waited>();
  /** The calls about which a client got an answer. They continue even if other clients disconnect later. */
  private readonly kept = new LRUCache<string, true>({ max: 20_000 });
  private readonly cancelling = new Set<Promise<void>>();
  private readonly graceMs: number;
  private readonly cancel: (call: CallFields) => Promise<void>;

  /**
   * `graceMs` is how long a call waits for a client to return before `cancel` is called: a client that reconnects may
   * send its request again only after its old connection has closed.
   */
  constructor(graceMs: number, cancel: (call: CallFields) => Promise<void>) {
    this.graceMs = graceMs;
    this.cancel = cancel;
  }

  /**
   * Counts a client. Call it before anything is awaited for the request, so that another client that leaves does not
   * cancel the call meanwhile. Returns the function to call once, when the client stops waiting.
   */
  enter(fields: CallFields): (leaving: Leaving) => void {
    const { callId } = fields;
    const call = this.calls.get(callId) ?? { call: fields, waiting: 0, abandoned: false };
    this.calls.set(callId, call);
    clearTimeout(call.grace);
    call.waiting += 1;
    return (leaving) => {
      call.waiting -= 1;
      if (leaving === 'answered') this.kept.set(callKey(callId), true);
      if (leaving === 'gone') call.abandoned = true;
      if (call.waiting > 0) return;
      if (!call.abandoned || this.kept.has(callKey(callId))) this.calls.delete(callId);
      else call.grace = setTimeout(() => this.giveUp(fields), this.graceMs);
    };
  }

  /** Call this when the node stops. Cancels at once the calls that wait for the end of their grace period. */
  async settle(): Promise<void> {
    for (const { call, waiting, grace } of this.calls.values()) {
      clearTimeout(grace);
      if (waiting === 0) this.giveUp(call);
    }
    await Promise.all(this.cancelling);
  }

  private giveUp(call: CallFields): void {
    this.calls.delete(call.callId);
    const cancelled = this.cancel(call).finally(() => this.cancelling.delete(cancelled));
    this.cancelling.add(cancelled);
  }
}
