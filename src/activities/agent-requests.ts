/**
 * The requests to agents that this process has open, and recent answers: one per agent and run of a call. A request
 * outlives the activity that began it. The first task leaves an agent that needs longer to the activity that follows; and
 * during an outage of Temporal an activity times out and is scheduled again. The next activity joins the open request, or
 * gets its answer if it has ended meanwhile: the agent is asked once.
 */
import { AsyncResource } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import { requestKey } from '../domain/keys.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { OpenTry } from './try-log.ts';

/** Reason of an activity's abort when Temporal does not wait for it any more, though its call may go on. */
export class GivenUp extends Error {}

/** The worker stops: another takes the ask over, or this process's next one, which may join the request. */
export class WorkerStopping extends GivenUp {}

/**
 * How long a request that was given up may be joined while the server is there: longer than the longest pause between
 * two tries, and than a workflow task that was lost takes to come again.
 */
const joinableMs = 10_000;
/** All that a process has open comes again one after the other: no faster than it was started. */
const joinsPerSecond = 25;
/** Answers are kept for an outage of the server. Large ones are references (I7). */
const answersKept = { max: 2_000, ttl: 15 * 60_000 } as const;
/** A failure that came while nobody waited is the joining activity's to report. */
const failuresKept = { max: 2_000, ttl: joinableMs } as const;
/** For as long as a task that is lost may be repeated. */
const unaskedKept = { max: 2_000, ttl: 15 * 60_000 } as const;

/** Who asks whom. A call that was deleted and accepted again has the same id but another run: its agents are asked anew. */
interface Asking {
  readonly callId: string;
  readonly runId: string;
  readonly agent: string;
}

interface AgentRequest {
  readonly callId: string;
  readonly controller: AbortController;
  readonly open: OpenTry;
  readonly answer: Promise<StoredText>;
  /** How to tell each activity that waits for it. Not by the promise, which keeps those that left in memory. */
  readonly waiting: Set<() => void>;
}

/** One activity's part in a request. */
export interface Asked {
  /** Whether an earlier activity began it. */
  readonly joined: boolean;
  /** The request's own times, whoever began it. */
  readonly open: OpenTry;
  readonly answer: Promise<StoredText>;
}

export type BeginAsking = (controller: AbortController, open: OpenTry) => Promise<StoredText>;

export class AgentRequests {
  private readonly open = new Map<string, AgentRequest>();
  private readonly answered = new LRUCache<string, AgentRequest>(answersKept);
  private readonly unheard = new LRUCache<string, AgentRequest>(failuresKept);
  /** Keys whose last request ended while it waited for a slot of its agent. */
  private readonly unasked = new LRUCache<string, true>(unaskedKept);
  private readonly idleWaiters = new Set<() => void>();
  /** How to make each waiting activity leave. */
  private readonly callers = new Set<(reason: Error) => void>();

  private readonly serverAvailableMs: () => number;
  private readonly now: () => number;
  /** What outlives an activity begins in here: in that one's context it would keep it in memory. */
  private readonly outside = new AsyncResource('AgentRequests');

  /**
   * `serverAvailableMs`: how long the server has been available without a break; during an outage no activity can join.
   * `now` dates requests, epoch ms.
   */
  constructor(serverAvailableMs: () => number = () => Infinity, now: () => number = () => Date.now()) {
    this.serverAvailableMs = serverAvailableMs;
    this.now = now;
  }

  get size(): number {
    return this.open.size;
  }

  /**
   * The agent's answer to this call. `begin` asks it, unless that is under way. When `caller` aborts, the request is
   * closed with its reason, unless others wait for it or may yet join it.
   */
  ask(asking: Asking, caller: AbortSignal, begin: BeginAsking): Asked {
    caller.throwIfAborted();
    const key = requestKey(asking);
    const earlier = this.answered.get(key) ?? this.open.get(key) ?? this.unheard.get(key);
    this.unheard.delete(key);
    const request = earlier ?? this.begin(key, asking.callId, begin);
    return { joined: earlier !== undefined, open: request.open, answer: this.wait(request, caller) };
  }

  /** Every activity leaves, as its worker is about to be replaced; the requests stay open to be joined. */
  handOver(): void {
    for (const leave of [...this.callers]) leave(new WorkerStopping());
  }

  /** Closes the sockets of a call's requests. */
  abort(callId: string, reason: Error): void {
    for (const request of this.open.values()) if (request.callId === callId) request.controller.abort(reason);
  }

  /** Whether the agent was asked, as far as this process knows. A request that only waits to be sent ends with `reason`. */
  endUnlessAsked(asking: Asking, reason: Error): boolean {
    const key = requestKey(asking);
    const request = this.open.get(key);
    if (!request) return !this.unasked.has(key);
    if (request.open.hasBegun) return true;
    request.controller.abort(reason);
    return false;
  }

  /** Drops the answers of a call that is deleted. */
  forget(callId: string): void {
    for (const [key, request] of this.answered.entries())
      if (request.callId === callId) this.answered.delete(key);
  }

  /** Resolves once no request is open. */
  async idle(): Promise<void> {
    if (this.open.size > 0) await new Promise<void>((resolve) => this.idleWaiters.add(resolve));
  }

  private async wait(request: AgentRequest, caller: AbortSignal): Promise<StoredText> {
    if (!request.open.ended) await this.untilEnded(request, caller);
    return request.answer;
  }

  /** Or about to end, closed by `caller`. Rejects with the reason of a caller that leaves it open. */
  private async untilEnded(request: AgentRequest, caller: AbortSignal): Promise<void> {
    let onAbort = (): void => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      const leave = (reason: Error): void => {
        if (!this.callers.delete(leave)) return; // Told already.
        request.waiting.delete(tell);
        this.leave(request, reason, resolve, reject);
      };
      const tell = (): void => {
        this.callers.delete(leave);
        resolve();
      };
      request.waiting.add(tell);
      this.callers.add(leave);
      onAbort = () => leave(caller.reason as Error);
    });
    caller.addEventListener('abort', onAbort, { once: true });
    try {
      await ended;
    } finally {
      caller.removeEventListener('abort', onAbort);
    }
  }

  private begin(key: string, callId: string, begin: BeginAsking): AgentRequest {
    const controller = new AbortController();
    const open = new OpenTry(this.now);
    const answer = this.outside.runInAsyncScope(() => begin(controller, open));
    const request: AgentRequest = { callId, controller, open, answer, waiting: new Set() };
    this.open.set(key, request);
    this.unasked.delete(key);
    const ended = (): void => {
      open.end();
      this.open.delete(key);
      if (!open.hasBegun) this.unasked.set(key, true);
      for (const tell of request.waiting) tell();
      request.waiting.clear();
      this.tellIdle();
    };
    request.answer.then(
      () => {
        this.answered.set(key, request);
        ended();
      },
      () => {
        if (request.waiting.size === 0 && !controller.signal.aborted) this.unheard.set(key, request);
        ended();
      },
    );
    return request;
  }

  private leave(
    request: AgentRequest,
    reason: Error,
    resolve: () => void,
    reject: (reason: Error) => void,
  ): void {
    const isLast = (): boolean => request.waiting.size === 0;
    const closeUnlessJoined = (): void => {
      const restMs =
        Math.max(joinableMs, (this.open.size * 1_000) / joinsPerSecond) - this.serverAvailableMs();
      if (!isLast()) return;
      if (restMs > 0) setTimeout(closeUnlessJoined, restMs).unref();
      else request.controller.abort(reason);
    };
    if (reason instanceof GivenUp) {
      this.outside.runInAsyncScope(() => setTimeout(closeUnlessJoined, joinableMs).unref());
      reject(reason);
    } else if (isLast()) {
      request.controller.abort(reason);
      resolve(); // It ends with the reason, or with what it knows better.
    } else reject(reason);
  }

  private tellIdle(): void {
    if (this.open.size > 0) return;
    for (const resolve of this.idleWaiters) resolve();
    this.idleWaiters.clear();
  }
}
