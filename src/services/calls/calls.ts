/** The facade's operations on calls: start once (I1), attach to a call that exists, wait for its end, cancel. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import type { CallInput } from '../../domain/call.ts';
import { Refusal } from '../../domain/failures.ts';
import { callWorkflowId, plainStart } from '../../domain/ids.ts';
import { callKey } from '../../domain/cache-keys.ts';
import { delay } from '../../lib/delay.ts';
import { SharedWaits } from '../../lib/shared-waits.ts';
import { RetryableWaits } from '../../lib/retryable-waits.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { callAttributes } from './call-attributes.ts';
import type { CallEnd, CallEnding, CallStatus } from './call-ending.ts';
import { callStatusOf, describeExecution, noSuchCall } from './call-execution.ts';
import { readExistingCall, type CallMemo, type ExistingCall } from './existing-call.ts';
import { idOfExisting } from './existing-ids.ts';
import { endingOf, pollEnd } from './poll-ending.ts';
import type { RerunMemo } from '../reruns/rerun-memo.ts';
import {
  isNotFound,
  isUnanswered,
  rpc,
  rpcTimeoutMs,
  workflowTaskTimeout,
  type Temporal,
} from '../temporal/rpc.ts';

/** How long a start is retried while Temporal gives no clear answer. */
const startPatienceMs = 10_000;
/** The length of one long poll for a result. The native connection cannot end a poll earlier. */
const resultPollMs = 20_000;
/** How long after its deadline Temporal ends a call that has not ended itself. */
const overdueGraceMs = 60_000;

/** The outcome of a start if a call with this id exists. */
export interface Attached extends Omit<ExistingCall, 'fingerprint'> {
  readonly state: 'attached';
  /** Whether the same request started the existing call, i.e. the fingerprints are equal. */
  readonly sameRequest: boolean;
  /** Whether an earlier try of this start, which got no answer, may have started it. */
  readonly mayBeOwn?: boolean;
}

/** The outcome of a start: a new call, or a call that already exists. */
export type Started = { readonly state: 'started' } | Attached;

/** Every method may throw the refusal `temporal_unavailable`. */
export class Calls {
  private readonly temporal: Temporal;
  private readonly texts: TextStore;
  private readonly onCancelled: (callId: string) => void;
  /** The ids of calls that existed when this node last started or described them. */
  private readonly known = new LRUCache<string, true>({ max: 20_000 });
  /** The RPCs of starts and waits that are in flight. */
  private readonly waits = new RetryableWaits();
  /** The waits for ends of calls. */
  private readonly ends = new SharedWaits<CallEnd>();

  /**
   * `onCancelled` is called with the id of each call whose cancellation Temporal has recorded. A workflow task that is running
   * does not notice the cancellation, but must not ask an agent any more (I2).
   */
  constructor(temporal: Temporal, texts: TextStore, onCancelled: (callId: string) => void) {
    this.temporal = temporal;
    this.texts = texts;
    this.onCancelled = onCancelled;
  }

  /**
   * Starts a call. Returns once Temporal has committed the start (I1), or has answered that a call with this id exists. Without
   * a clear answer it retries for 10 s, with the same id. Then it throws the refusal `temporal_unavailable`: the call may have
   * been started.
   */
  async start(input: CallInput, fingerprint: string, rerun?: RerunMemo): Promise<Started> {
    const giveUpAt = Date.now() + startPatienceMs;
    for (let tries = 1; ; tries++) {
      try {
        // Retries have a shorter deadline: a server that is back answers soon, and one that is still away is asked more often.
        const timeoutMs = Math.min(
          tries === 1 ? rpcTimeoutMs.write : rpcTimeoutMs.read,
          giveUpAt - Date.now(),
        );
        const started = await this.waits.run(undefined, () =>
          rpc(this.temporal, timeoutMs, () => this.startOnce(input, { fingerprint, rerun })),
        );
        if (started) {
          this.known.set(callKey(input.callId), true);
          return { state: 'started' };
        }
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError)
          return { ...(await this.attach(input.callId, fingerprint)), mayBeOwn: tries > 1 };
        if (!isUnanswered(error)) throw error;
        await backOff(tries);
        if (Date.now() >= giveUpAt) throw error;
      }
    }
  }

  /** Whether a call with this id most likely exists, as far as this node knows. */
  isKnown(callId: string): boolean {
    return this.known.has(callKey(callId));
  }

  /**
   * Returns the call id for the hash of an Idempotency-Key. If the hash begins with `-` or `_`, the id has an `x` in front of
   * it. A call that an older version started keeps its id: that may be the bare hash, or come from one of the `earlier` hashes.
   * If several exist, the request's own is the one with its fingerprint.
   */
  async idOf(digest: string, earlier: readonly string[], fingerprint: string): Promise<string> {
    const id = plainStart(digest);
    if (earlier.length === 0 && this.known.has(callKey(id))) return id;
    const possible = [id, digest, ...earlier.flatMap((one) => [plainStart(one), one])];
    if (possible.every((one) => one === id)) return id;
    return idOfExisting(possible, fingerprint, (one) => this.fingerprintOf(one));
  }

  /**
   * Returns the fingerprint of the request that started the call; undefined if no call has this id. Retries while Temporal does
   * not answer, for as long as a start does.
   */
  private async fingerprintOf(callId: string): Promise<string | undefined> {
    const giveUpAt = Date.now() + startPatienceMs;
    for (let tries = 1; ; tries++) {
      try {
        const { memo } = await describeExecution(this.temporal, callId);
        return String((memo as Partial<CallMemo> | undefined)?.fingerprint);
      } catch (error) {
        if (error instanceof Refusal && error.type === 'call_not_found') return undefined;
        if (!isUnanswered(error)) throw error;
        await backOff(tries);
        if (Date.now() >= giveUpAt) throw error;
      }
    }
  }

  /**
   * Repeats the RPCs of all waits and starts now. Call it when the server is back after an outage: an RPC that began before may
   * notice that only seconds later.
   */
  retryOpenRpcs(): void {
    this.waits.giveUpAll();
  }

  /**
   * Waits for the call's end and returns it, with the answer's text. Undefined if `signal` aborts first. Throws the refusal
   * `call_not_found`.
   */
  async wait(callId: string, signal: AbortSignal): Promise<CallEnding | undefined> {
    const end = await this.end(callId, signal);
    return end && this.endingOf(callId, end);
  }

  /** Makes the ending that clients get of an end: with the answer's text, and with the attempts. */
  endingOf(callId: string, end: CallEnd): Promise<CallEnding> {
    return endingOf(this.temporal, this.texts, callId, end);
  }

  /**
   * Waits for the call's end as its history has it. Undefined if `signal` aborts first. Everybody who waits for one call shares
   * a long poll. Throws the refusal `call_not_found`.
   */
  end(callId: string, signal: AbortSignal): Promise<CallEnd | undefined> {
    return this.ends.wait(callKey(callId), signal, (nobodyWaits) => this.untilEnded(callId, nobodyWaits));
  }

  /** Continues to wait while Temporal does not answer. */
  private async untilEnded(callId: string, signal: AbortSignal): Promise<CallEnd | undefined> {
    for (let failures = 0; ;) {
      const pollUntil = Date.now() + resultPollMs;
      try {
        const end = await this.waits.run(signal, () => pollEnd(this.temporal, callId, pollUntil));
        if (end || signal.aborted) return end;
      } catch (error) {
        if (isNotFound(error)) throw noSuchCall(callId);
        if (!isUnanswered(error)) throw error;
        if (Date.now() >= pollUntil) continue; // The poll has ended, not the call.
        failures += 1;
        await backOff(failures);
      }
    }
  }

  /**
   * Requests the cancellation of a running call. Returns `running` if it was requested, otherwise the status of the call, which
   * has ended. Throws the refusal `call_not_found`.
   */
  async cancel(callId: string): Promise<CallStatus> {
    const status = await this.status(callId);
    if (status !== 'running') return status;
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () => this.handle(callId).cancel());
      this.onCancelled(callId);
      return status;
    } catch (error) {
      if (isNotFound(error)) return this.status(callId); // It ended in between.
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
      memo: {
        fingerprint,
        ...(rerun && { rerun }),
        ...(input.callbackUrl !== undefined && { callback: true }),
      },
      staticSummary: input.chain.map((agent) => agent.name).join(' → '),
      typedSearchAttributes: callAttributes(input),
    });
  }

  /** Reads the call with this id for a request that did not start it. Throws the refusal `call_not_found`. */
  async attach(callId: string, fingerprint: string): Promise<Attached> {
    const { fingerprint: existing, ...call } = await readExistingCall(this.temporal, callId);
    this.known.set(callKey(callId), true);
    return { state: 'attached', sameRequest: existing === fingerprint, ...call };
  }

  private async status(callId: string): Promise<CallStatus> {
    return callStatusOf((await describeExecution(this.temporal, callId)).status.name);
  }

  private handle(callId: string) {
    return this.temporal.client.workflow.getHandle(callWorkflowId(callId));
  }
}

/**
 * Waits before the next try, with exponential backoff and jitter: 100 ms, 200 ms, 400 ms, at most 2,000 ms, each multiplied by
 * 0.5 to 1.
 */
async function backOff(tries: number): Promise<void> {
  const fullMs = Math.min(100 * 2 ** (tries - 1), 2_000);
  await delay(fullMs * (0.5 + Math.random() / 2));
}
