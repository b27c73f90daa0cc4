/** Running calls as the facade sees them: start once (I1), wait, cancel. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import type { CallInput, CallResult } from '../../domain/call.ts';
import { Refusal } from '../../domain/failures.ts';
import { callWorkflowId, plainStart } from '../../domain/ids.ts';
import { callKey } from '../../domain/keys.ts';
import { responseOf } from '../../domain/turn-text.ts';
import { delay } from '../../lib/delay.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { callAttributes } from './call-attributes.ts';
import { readFailure, type CallEnding, type CallStatus } from './call-ending.ts';
import { loadText } from '../../payloads/store-refusals.ts';
import { callStatusOf, describeExecution, noSuchCall, readProgress } from './call-execution.ts';
import { nameIn } from './call-summary.ts';
import type { RerunMemo } from '../reruns/rerun-memo.ts';
import {
  isNotFound,
  isUnanswered,
  rpc,
  rpcTimeoutMs,
  workflowTaskTimeout,
  type Temporal,
} from '../temporal/rpc.ts';

/** How long an unclear start is pursued before the caller is told where to look. */
const startPatienceMs = 10_000;
/** One long poll for a result; the native connection cannot abort one earlier. */
const resultPollMs = 20_000;
/** Temporal ends a call that outlived its deadline by this much without noticing. */
const overdueGraceMs = 60_000;

interface CallMemo {
  readonly fingerprint: string;
  readonly rerun?: RerunMemo | undefined;
}

/** A call of this id exists, `sameRequest` if by the same request. */
export interface Attached {
  readonly state: 'attached';
  readonly sameRequest: boolean;
  readonly status: CallStatus;
  readonly sessionId: string | undefined;
}
export type Started = { readonly state: 'started' } | Attached;

export class Calls {
  private readonly temporal: Temporal;
  private readonly texts: TextStore;
  private readonly cancelled: (callId: string) => void;
  /** Calls that were there when this node last started one of that id or looked. */
  private readonly known = new LRUCache<string, true>({ max: 20_000 });
  /** How to interrupt each wait and start that is under way. */
  private readonly underWay = new Set<() => void>();

  /** `cancelled` is told of a call whose cancellation is on record: a task under way does not hear of it (I2). */
  constructor(temporal: Temporal, texts: TextStore, cancelled: (callId: string) => void) {
    this.temporal = temporal;
    this.texts = texts;
    this.cancelled = cancelled;
  }

  /**
   * Returns once Temporal has committed the start (I1), or says that a call of this id exists. An unclear answer is
   * tried again under the same id; if it stays unclear, the refusal is `temporal_unavailable`, never "failed".
   */
  async start(input: CallInput, fingerprint: string, rerun?: RerunMemo): Promise<Started> {
    const giveUpAt = Date.now() + startPatienceMs;
    for (let tries = 1; ; tries++) {
      try {
        // Where the first was not answered a server that is there answers soon, and one that is not is asked often.
        const timeoutMs = Math.min(
          tries === 1 ? rpcTimeoutMs.write : rpcTimeoutMs.read,
          giveUpAt - Date.now(),
        );
        const started = await this.interruptibly(undefined, () =>
          rpc(this.temporal, timeoutMs, () => this.startOnce(input, { fingerprint, rerun })),
        );
        if (started) {
          this.known.set(callKey(input.callId), true);
          return { state: 'started' };
        }
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError)
          return await this.attach(input.callId, fingerprint);
        if (!isUnanswered(error)) throw error;
        await jitteredPause(tries);
        if (Date.now() >= giveUpAt) throw error;
      }
    }
  }

  /** Whether a start of this id most likely finds a call there. */
  isKnown(callId: string): boolean {
    return this.known.has(callKey(callId));
  }

  /** The id for what a key was hashed to; one that began with `-` or `_` stays what it is where its call is there. */
  async idOf(digest: string): Promise<string> {
    const id = plainStart(digest);
    if (id === digest || this.known.has(callKey(id))) return id;
    return (await this.exists(digest)) ? digest : id;
  }

  /** Asked again while Temporal does not answer, for as long as a start would be. */
  private async exists(callId: string): Promise<boolean> {
    const giveUpAt = Date.now() + startPatienceMs;
    for (let tries = 1; ; tries++) {
      try {
        await this.status(callId);
        return true;
      } catch (error) {
        if (error instanceof Refusal && error.type === 'call_not_found') return false;
        if (!isUnanswered(error)) throw error;
        await jitteredPause(tries);
        if (Date.now() >= giveUpAt) throw error;
      }
    }
  }

  /** Repeats the RPCs of every wait and start now. For a server that is back: an RPC begun before may notice only seconds later. */
  retryOpenRpcs(): void {
    for (const interrupt of [...this.underWay]) interrupt();
  }

  /** The call's ending, or undefined if `signal` aborts before. Survives outages of the server. */
  async wait(callId: string, signal: AbortSignal): Promise<CallEnding | undefined> {
    for (let failures = 0; ;) {
      const pollUntil = Date.now() + resultPollMs;
      try {
        const ending = await this.interruptibly(signal, () => this.pollEnding(callId, pollUntil));
        if (ending || signal.aborted) return ending;
      } catch (error) {
        if (isNotFound(error)) throw noSuchCall(callId);
        if (!isUnanswered(error)) throw error;
        if (Date.now() >= pollUntil) continue; // The poll is over, not the call.
        failures += 1;
        await jitteredPause(failures);
      }
    }
  }

  /** Asks a running call to end as cancelled; of an ended one it just tells the status. */
  async cancel(callId: string): Promise<CallStatus> {
    const status = await this.status(callId);
    if (status !== 'running') return status;
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () => this.handle(callId).cancel());
      this.cancelled(callId);
      return status;
    } catch (error) {
      if (isNotFound(error)) return this.status(callId); // It ended in between.
      throw error;
    }
  }

  /**
   * Undefined as soon as `signal` aborts or `retryOpenRpcs` is called; what is under way then ends by itself, at its deadline
   * at the latest.
   */
  private async interruptibly<T>(
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T | undefined> {
    if (signal?.aborted) return undefined;
    let interrupt = (): void => undefined;
    const interrupted = new Promise<undefined>((resolve) => {
      interrupt = () => resolve(undefined);
    });
    signal?.addEventListener('abort', interrupt, { once: true });
    this.underWay.add(interrupt);
    const running = run();
    running.catch(() => undefined); // Nobody may be there to hear of it any more.
    try {
      return await Promise.race([running, interrupted]);
    } finally {
      signal?.removeEventListener('abort', interrupt);
      this.underWay.delete(interrupt);
    }
  }

  private async pollEnding(callId: string, until: number): Promise<CallEnding> {
    try {
      const result = await this.temporal.client.withDeadline(
        until,
        () => this.handle(callId).result() as Promise<CallResult>,
      );
      return await endingOf(result, this.texts);
    } catch (error) {
      const ending = readFailure(error);
      if (ending) return this.withProgress(callId, ending);
      throw error;
    }
  }

  private startOnce(input: CallInput, { fingerprint, rerun }: CallMemo) {
    return this.temporal.client.workflow.start('agentCall', {
      workflowId: callWorkflowId(input.callId),
      taskQueue: this.temporal.taskQueue,
      args: [input],
      requestEagerStart: true,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      workflowTaskTimeout,
      workflowExecutionTimeout: input.deadlineMs + overdueGraceMs,
      memo: { fingerprint, ...(rerun && { rerun }) },
      staticSummary: input.chain.map((agent) => agent.name).join(' → '),
      typedSearchAttributes: callAttributes(input),
    });
  }

  /** Looks at the call of this id instead of starting one. Throws the refusal `call_not_found`. */
  async attach(callId: string, fingerprint: string): Promise<Attached> {
    const { memo, status, typedSearchAttributes } = await describeExecution(this.temporal, callId);
    this.known.set(callKey(callId), true);
    return {
      state: 'attached',
      sameRequest: (memo as CallMemo | undefined)?.fingerprint === fingerprint,
      status: callStatusOf(status.name),
      sessionId: nameIn(typedSearchAttributes, 'session'),
    };
  }

  private async status(callId: string): Promise<CallStatus> {
    return callStatusOf((await describeExecution(this.temporal, callId)).status.name);
  }

  /** A cancelled or overdue call's failure carries no details: its workflow still knows what it did. */
  private async withProgress(callId: string, ending: CallEnding): Promise<CallEnding> {
    return ending.attempts ? ending : { ...ending, ...(await readProgress(this.temporal, callId)) };
  }

  private handle(callId: string) {
    return this.temporal.client.workflow.getHandle(callWorkflowId(callId));
  }
}

/** To who asks for it an answer that is lost is a failure that names it; what else is known of the call is told. */
async function endingOf({ response, ...rest }: CallResult, texts: TextStore): Promise<CallEnding> {
  try {
    return { status: 'completed', ...rest, response: await loadText(texts, responseOf({ response })) };
  } catch (error) {
    if (!(error instanceof Refusal && error.type === 'payload_lost')) throw error;
    const message = `${rest.agentName} answered, and its answer is lost. ${error.message}`;
    return { status: 'failed', ...rest, errorType: 'payload_lost', error: message };
  }
}

/** 100, 200, 400... at most 2,000 ms, each between half and full. */
async function jitteredPause(tries: number): Promise<void> {
  const fullMs = Math.min(100 * 2 ** (tries - 1), 2_000);
  await delay(fullMs * (0.5 + Math.random() / 2));
}
