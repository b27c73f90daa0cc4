/**
 * The requests to agents that this process has open, and the answers that it has had lately: one per call and agent,
 * whatever becomes of the activity that began it. While Temporal is away, an activity is given up for dead and later
 * scheduled again; it then joins the request that is still open, or takes the answer that came meanwhile, and the
 * agent is asked once.
 */
import { LRUCache } from 'lru-cache';
import { agentIdempotencyKey } from '../domain/ids.ts';
import type { StoredText } from '../domain/stored-text.ts';

/** Reason of an activity's abort when Temporal does not wait for it any more, though its call may go on. */
export class GivenUp extends Error {}

/** The worker stops: another takes the ask over, or this process's next one, which may join the request. */
export class WorkerStopping extends GivenUp {}

/** How long a request that was given up may be joined: longer than the longest pause between two tries. */
const joinableMs = 10_000;
/** Answers are kept for an outage of the server. Large ones are references (I7). */
const answersKept = { max: 2_000, ttl: 15 * 60_000 } as const;

interface Exchange {
  readonly callId: string;
  readonly controller: AbortController;
  readonly answer: Promise<StoredText>;
  /** Activities that wait for it. */
  waiting: number;
}

export class Exchanges {
  private readonly open = new Map<string, Exchange>();
  private readonly answers = new LRUCache<string, StoredText>(answersKept);
  private readonly idleWaiters = new Set<() => void>();
  /** How to make each waiting activity leave. */
  private readonly callers = new Set<(reason: Error) => void>();

  get size(): number {
    return this.open.size;
  }

  /**
   * The agent's answer to this call. `begin` asks it, unless that is under way. When `caller` aborts, the request is
   * closed with its reason, unless others wait for it or may yet join it.
   */
  async ask(
    { callId, agent }: { readonly callId: string; readonly agent: string },
    caller: AbortSignal,
    begin: (controller: AbortController) => Promise<StoredText>,
  ): Promise<StoredText> {
    caller.throwIfAborted();
    const key = agentIdempotencyKey(callId, agent);
    const answered = this.answers.get(key);
    if (answered !== undefined) return answered;
    const exchange = this.open.get(key) ?? this.begin(key, callId, begin);
    exchange.waiting += 1;
    let leave: (reason: Error) => void = () => undefined;
    const left = new Promise<never>((_resolve, reject) => {
      leave = (reason) => {
        if (this.callers.delete(leave)) this.leave(exchange, reason, reject);
      };
    });
    const onAbort = (): void => leave(caller.reason as Error);
    caller.addEventListener('abort', onAbort, { once: true });
    this.callers.add(leave);
    try {
      return await Promise.race([exchange.answer, left]);
    } finally {
      caller.removeEventListener('abort', onAbort);
      if (this.callers.delete(leave)) exchange.waiting -= 1;
    }
  }

  /** Every activity leaves, as its worker is about to be replaced; the requests stay open to be joined. */
  handOver(): void {
    for (const leave of [...this.callers]) leave(new WorkerStopping());
  }

  /** Closes the sockets of a call's requests. */
  abort(callId: string, reason: Error): void {
    for (const exchange of this.open.values())
      if (exchange.callId === callId) exchange.controller.abort(reason);
  }

  /** Resolves once no request is open. */
  async idle(): Promise<void> {
    if (this.open.size > 0) await new Promise<void>((resolve) => this.idleWaiters.add(resolve));
  }

  private begin(
    key: string,
    callId: string,
    begin: (controller: AbortController) => Promise<StoredText>,
  ): Exchange {
    const controller = new AbortController();
    const exchange: Exchange = { callId, controller, answer: begin(controller), waiting: 0 };
    this.open.set(key, exchange);
    exchange.answer.then(
      (answer) => {
        this.answers.set(key, answer);
        this.ended(key);
      },
      () => this.ended(key),
    );
    return exchange;
  }

  private leave(exchange: Exchange, reason: Error, reject: (reason: Error) => void): void {
    exchange.waiting -= 1;
    const close = (): void => {
      if (exchange.waiting === 0) exchange.controller.abort(reason);
    };
    if (reason instanceof GivenUp) {
      setTimeout(close, joinableMs).unref();
      reject(reason);
    } else if (exchange.waiting > 0) reject(reason);
    else close(); // The request ends with the reason, or with what it knows better.
  }

  private ended(key: string): void {
    this.open.delete(key);
    if (this.open.size > 0) return;
    for (const resolve of this.idleWaiters) resolve();
    this.idleWaiters.clear();
  }
}
