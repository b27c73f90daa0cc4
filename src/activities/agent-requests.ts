/**
 * Holds this process's open requests to agents, and their recent answers: one per agent and run of a call. A request outlives
 * the activity that began it. The first task hands a slow agent's request over to an activity, and during an outage of Temporal
 * an activity times out and is scheduled again. The next activity joins the open request, or gets the answer if the request has
 * ended meanwhile, so the agent is asked only once.
 */
import { AsyncResource } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import { requestKey } from '../domain/cache-keys.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { OpenTry } from './try-log.ts';

/**
 * Abort reason: Temporal no longer waits for this activity. The call may still be running, and another activity may join the
 * request.
 */
export class GivenUp extends Error {}

/**
 * Abort reason: the worker stops. Another worker takes over the activity. If that is a new worker of this process, it can join
 * the request.
 */
export class WorkerStopping extends GivenUp {}

/**
 * How long a request that no activity waits for stays open to be joined while Temporal is available. It is longer than the
 * longest backoff between two tries, and longer than Temporal takes to repeat a lost workflow task.
 */
const joinableMs = 10_000;
/**
 * An estimate of how many activities per second join their requests again after an outage. Temporal schedules them one after
 * the other, at about the rate at which calls are started. So a request that no activity waits for stays open for
 * (number of open requests / `joinsPerSecond`) seconds after the outage, and for at least `joinableMs`.
 */
const joinsPerSecond = 25;
/**
 * How many answers are kept and for how long: long enough to survive an outage of Temporal. Large answers are references to the
 * payload store (I7).
 */
const answersKept = { max: 2_000, ttl: 15 * 60_000 } as const;
/**
 * How many failures are kept, and for how long, that occurred while no activity waited. The activity that joins next gets the
 * failure.
 */
const failuresKept = { max: 2_000, ttl: joinableMs } as const;
/** How many unsent requests are remembered, and for how long: for as long as Temporal may repeat a lost workflow task. */
const unaskedKept = { max: 2_000, ttl: 15 * 60_000 } as const;

/**
 * Identifies a request. It includes the run id, because a call that was deleted and then accepted again has the same call id
 * but must ask its agents again.
 */
interface Asking {
  readonly callId: string;
  readonly runId: string;
  readonly agent: string;
}

interface AgentRequest {
  readonly callId: string;
  readonly agent: string;
  readonly controller: AbortController;
  readonly open: OpenTry;
  readonly answer: Promise<StoredText>;
  /**
   * A callback for each waiting activity, called when the request ends. With a `then` on the promise instead, activities that
   * have left would stay in memory.
   */
  readonly waiting: Set<() => void>;
}

/** What an activity gets when it starts or joins a request. */
export interface Asked {
  /** Whether an earlier activity began the request. */
  readonly joined: boolean;
  /** The times of the request, even if another activity began it. */
  readonly open: OpenTry;
  readonly answer: Promise<StoredText>;
}

/** Sends the request and resolves with the answer. Aborting `controller` closes the request. */
export type BeginAsking = (controller: AbortController, open: OpenTry) => Promise<StoredText>;

/** The open requests of this process, for its activities to start, join, abort and wait for. */
export class AgentRequests {
  private readonly open = new Map<string, AgentRequest>();
  private readonly answered = new LRUCache<string, AgentRequest>(answersKept);
  private readonly unheard = new LRUCache<string, AgentRequest>(failuresKept);
  /** Keys whose last request ended while it waited for one of the agent's slots, before it was sent. */
  private readonly unasked = new LRUCache<string, true>(unaskedKept);
  private readonly idleWaiters = new Set<() => void>();
  /** For each waiting activity, the function that makes it leave its request with the given reason. */
  private readonly leaves = new Set<(reason: Error) => void>();

  private readonly serverAvailableMs: () => number;
  private readonly now: () => number;
  /**
   * An async scope outside of any activity. Timers and requests that outlive an activity are started in it; otherwise they
   * would keep the activity in memory.
   */
  private readonly outside = new AsyncResource('AgentRequests');

  /**
   * `serverAvailableMs` returns how long Temporal has been available without interruption (ms); during an outage no activity
   * can join. `now` returns the current time (epoch ms), which becomes the start of a request.
   */
  constructor(serverAvailableMs: () => number = () => Infinity, now: () => number = () => Date.now()) {
    this.serverAvailableMs = serverAvailableMs;
    this.now = now;
  }

  /** How many requests are open. */
  get size(): number {
    return this.open.size;
  }

  /**
   * Joins the request if it is open or has ended recently, otherwise starts it with `begin`. When `caller` aborts, its
   * activity leaves; the request is closed with that reason unless other activities wait for it or may still join it.
   */
  ask(asking: Asking, caller: AbortSignal, begin: BeginAsking): Asked {
    caller.throwIfAborted();
    const key = requestKey(asking);
    const earlier = this.answered.get(key) ?? this.open.get(key) ?? this.unheard.get(key);
    this.unheard.delete(key);
    const request = earlier ?? this.begin(key, asking, begin);
    return { joined: earlier !== undefined, open: request.open, answer: this.wait(request, caller) };
  }

  /** Returns how many requests are sent and not answered yet, by agent. Those that wait for a slot of their agent are not sent. */
  sentByAgent(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { agent, open } of this.open.values())
      if (open.hasBegun) counts.set(agent, (counts.get(agent) ?? 0) + 1);
    return counts;
  }

  /** Makes every activity leave, because its worker is about to be replaced. The requests stay open to be joined. */
  leaveAll(): void {
    for (const leave of [...this.leaves]) leave(new WorkerStopping());
  }

  /** Closes the sockets of all open requests of a call. */
  abort(callId: string, reason: Error): void {
    for (const request of this.open.values()) if (request.callId === callId) request.controller.abort(reason);
  }

  /**
   * Ends the request with `reason` if it has not been sent yet. Returns whether the agent was asked, as far as this process
   * knows.
   */
  endUnlessAsked(asking: Asking, reason: Error): boolean {
    const key = requestKey(asking);
    const request = this.open.get(key);
    if (!request) return !this.unasked.has(key);
    if (request.open.hasBegun) return true;
    request.controller.abort(reason);
    return false;
  }

  /** Drops the stored answers of a call, because the call is deleted. */
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

  /**
   * Waits until the request has ended. Also resolves when `caller` aborts and thereby closes the request, which then ends at
   * once. Rejects with the abort reason if `caller` aborts and the request stays open.
   */
  private async untilEnded(request: AgentRequest, caller: AbortSignal): Promise<void> {
    let onAbort = (): void => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      const leave = (reason: Error): void => {
        if (!this.leaves.delete(leave)) return; // It has left, or the request has ended.
        request.waiting.delete(onEnded);
        this.leave(request, reason, resolve, reject);
      };
      const onEnded = (): void => {
        this.leaves.delete(leave);
        resolve();
      };
      request.waiting.add(onEnded);
      this.leaves.add(leave);
      onAbort = () => leave(caller.reason as Error);
    });
    caller.addEventListener('abort', onAbort, { once: true });
    try {
      await ended;
    } finally {
      caller.removeEventListener('abort', onAbort);
    }
  }

  private begin(key: string, { callId, agent }: Asking, begin: BeginAsking): AgentRequest {
    const controller = new AbortController();
    const open = new OpenTry(this.now);
    const answer = this.outside.runInAsyncScope(() => begin(controller, open));
    const request: AgentRequest = { callId, agent, controller, open, answer, waiting: new Set() };
    this.open.set(key, request);
    this.unasked.delete(key);
    const ended = (): void => {
      open.end();
      this.open.delete(key);
      if (!open.hasBegun) this.unasked.set(key, true);
      for (const onEnded of request.waiting) onEnded();
      request.waiting.clear();
      this.resolveIfIdle();
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
      resolve(); // The request now ends, either with this reason or because it fails.
    } else reject(reason);
  }

  private resolveIfIdle(): void {
    if (this.open.size > 0) return;
    for (const resolve of this.idleWaiters) resolve();
    this.idleWaiters.clear();
  }
}
