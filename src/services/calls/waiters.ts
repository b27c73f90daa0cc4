/** Who waits on this node for calls that are to be cancelled once nobody does (`on_disconnect: cancel`). */
import { LRUCache } from 'lru-cache';
import { callKey } from '../../domain/keys.ts';

/**
 * - `told`: an answer went out, with the call's ending or with where to look for it
 * - `gone`: the client went away before
 * - `refused`: the request was not this call's
 */
export type Leaving = 'told' | 'gone' | 'refused';

interface Waited {
  waiting: number;
  /** One that waited is gone. */
  abandoned: boolean;
  /** Until it is cancelled. */
  grace?: NodeJS.Timeout;
}

export class Waiters {
  private readonly calls = new Map<string, Waited>();
  /** Calls that somebody was told of: they go on, whoever leaves later. */
  private readonly kept = new LRUCache<string, true>({ max: 20_000 });
  private readonly cancelling = new Set<Promise<void>>();
  private readonly graceMs: number;
  private readonly cancel: (callId: string) => Promise<void>;

  /** `graceMs`: a client that sends its request again on a new connection may come only after its old one closed. */
  constructor(graceMs: number, cancel: (callId: string) => Promise<void>) {
    this.graceMs = graceMs;
    this.cancel = cancel;
  }

  /** To be called before anything is awaited for the request. Returns how it leaves. */
  enter(callId: string): (leaving: Leaving) => void {
    const call = this.calls.get(callId) ?? { waiting: 0, abandoned: false };
    this.calls.set(callId, call);
    clearTimeout(call.grace);
    call.waiting += 1;
    return (leaving) => {
      call.waiting -= 1;
      if (leaving === 'told') this.kept.set(callKey(callId), true);
      if (leaving === 'gone') call.abandoned = true;
      if (call.waiting > 0) return;
      if (!call.abandoned || this.kept.has(callKey(callId))) this.calls.delete(callId);
      else call.grace = setTimeout(() => this.giveUp(callId), this.graceMs);
    };
  }

  /** Before the node stops: cancels at once what would be cancelled soon. */
  async settle(): Promise<void> {
    for (const [callId, { waiting, grace }] of this.calls) {
      clearTimeout(grace);
      if (waiting === 0) this.giveUp(callId);
    }
    await Promise.all(this.cancelling);
  }

  private giveUp(callId: string): void {
    this.calls.delete(callId);
    const cancelled = this.cancel(callId).finally(() => this.cancelling.delete(cancelled));
    this.cancelling.add(cancelled);
  }
}
