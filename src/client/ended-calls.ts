/**
 * Endings that this node has lately read from Temporal, of calls with an Idempotency-Key: a repeat is answered from
 * here. A reset or a deletion by another process is not seen before an ending's lifetime is over.
 */
import { LRUCache } from 'lru-cache';
import { Refusal } from '../domain/failures.ts';
import { sizeAsJson } from '../domain/json-bytes.ts';
import type { CallEnding } from './call-ending.ts';

interface EndedCall {
  readonly fingerprint: string;
  readonly ending: CallEnding;
}

export interface EndedCallsLimits {
  /** 0: none are kept. */
  readonly maxBytes: number;
  readonly lifetimeMs: number;
}

/** What objects take beside their texts, roughly and rather too much. */
const overheadBytes = 1_024;
/**
 * How long nothing is kept of a call that was reset or deleted: longer than an ending read just before takes to get here,
 * and than Temporal takes to delete.
 */
const barredMs = 60_000;

export class EndedCalls {
  private readonly calls: LRUCache<string, EndedCall> | undefined;
  private readonly barred = new LRUCache<string, true>({ max: 10_000, ttl: barredMs });
  private readonly evicted: (callId: string) => void;

  /** `evicted` is told of every call that is about to be reset or deleted, kept here or not. */
  constructor({ maxBytes, lifetimeMs }: EndedCallsLimits, evicted: (callId: string) => void) {
    this.evicted = evicted;
    if (maxBytes > 0)
      this.calls = new LRUCache({ maxSize: maxBytes, ttl: lifetimeMs, sizeCalculation: bytesOf });
  }

  /** Throws the refusal `idempotency_mismatch` where the key belongs to another request. */
  find(callId: string, fingerprint: string): CallEnding | undefined {
    const call = this.calls?.get(callId);
    if (call && call.fingerprint !== fingerprint) throw anotherRequest();
    return call?.ending;
  }

  /** `ending` was read from Temporal just now. One that lacks its attempts may still be told better. */
  keep(callId: string, fingerprint: string, ending: CallEnding): void {
    if (ending.attempts && !this.barred.has(callId)) this.calls?.set(callId, { fingerprint, ending });
  }

  /** Before a reset or a deletion is asked for. */
  evict(callId: string): void {
    this.barred.set(callId, true);
    this.calls?.delete(callId);
    this.evicted(callId);
  }
}

export function anotherRequest(): Refusal {
  return new Refusal('idempotency_mismatch', 'Use a new Idempotency-Key for another request');
}

/** Two bytes for each unit of an answer: it may be large, and need not be encoded for this. */
function bytesOf({ ending }: EndedCall): number {
  const response = ending.status === 'completed' ? ending.response : '';
  return overheadBytes + 2 * response.length + sizeAsJson({ ...ending, response: '' });
}
