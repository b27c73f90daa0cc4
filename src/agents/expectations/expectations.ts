/**
 * Checks answers against the expectations of their agents' registrations. The checks run in worker threads, because a JSON
 * schema can take minutes for an answer that is within every other limit.
 */
import type { AgentExpectation } from '../../domain/agent.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { CheckThread, outcomeOfEndedThread, type CheckLimits, type CheckOutcome } from './check-thread.ts';
import { cutErrorText, errorText } from '../redaction/error-text.ts';
import type { CheckRequest } from './expectation-thread.ts';
import { shorterThan } from './expectation.ts';
import { noRedaction, type Redactor } from '../redaction/redactor.ts';
import { AgentError } from '../transport.ts';

export interface ExpectationLimits extends CheckLimits {
  /** The most threads, i.e. checks that run at the same time. */
  readonly maxThreads: number;
}

export type StartThread = (limits: CheckLimits) => CheckThread;

/** A check that waits for a thread. */
interface Job {
  /** The expectation as JSON, which identifies its queue. */
  readonly key: string;
  readonly request: CheckRequest;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (outcome: CheckOutcome | Promise<CheckOutcome>) => void;
}

/** A pool of threads that check answers, at most one check of each expectation at a time. */
export class Expectations {
  private readonly limits: ExpectationLimits;
  private readonly startThread: StartThread;
  /**
   * The waiting checks, in a queue per expectation. The queue to be served next is the first. Each expectation has at most one
   * check running, so slow checks of one agent delay only that agent.
   */
  private readonly queues = new Map<string, Job[]>();
  /** Keys of the expectations whose check is running. */
  private readonly running = new Set<string>();
  private readonly busy = new Set<CheckThread>();
  private idle: CheckThread[] = [];
  private closed = false;

  /** Starts no thread: each thread is started when it is first needed. */
  constructor(limits: ExpectationLimits, startThread: StartThread = (own) => new CheckThread(own)) {
    this.limits = limits;
    this.startThread = startThread;
  }

  /**
   * Checks an answer. Throws an `AgentError` of type `invalid_response` if it does not meet the expectation, or the signal's
   * reason.
   */
  async require(
    text: string,
    expectation: AgentExpectation,
    signal: AbortSignal,
    redactor: Redactor = noRedaction,
  ): Promise<void> {
    const wrong = await this.wrongWith(text, expectation, signal);
    if (wrong !== undefined)
      throw new AgentError('invalid_response', errorText('The answer is not as expected', wrong, redactor));
  }

  /** Compiles the expectation. Throws an `Error` that names the field that does not compile, or the limit that was reached. */
  async requireCompilable(expectation: AgentExpectation): Promise<void> {
    const outcome = await this.run({ expectation });
    if ('fault' in outcome) throw new Error(cutErrorText(outcome.fault));
    if ('undecided' in outcome) throw new Error(`expect: it could not be compiled ${outcome.undecided}`);
  }

  /** Ends all threads. Running checks reject. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.busy, ...this.idle].map((thread) => thread.close()));
  }

  private async wrongWith(
    text: string,
    expectation: AgentExpectation,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { minLength, jsonSchema, denyRegex } = expectation;
    const wrong = minLength === undefined ? undefined : shorterThan(minLength, text);
    if (wrong !== undefined || (jsonSchema === undefined && denyRegex === undefined)) return wrong;
    const outcome = await untilAborted(signal, this.run({ expectation, text }, signal));
    if ('fault' in outcome) throw new Error(outcome.fault); // It compiled when it was registered.
    return 'undecided' in outcome ? `it could not be checked ${outcome.undecided}` : outcome.wrong;
  }

  private run(request: CheckRequest, signal?: AbortSignal): Promise<CheckOutcome> {
    if (this.closed) return Promise.reject(new Error('The checks of answers are closed'));
    return new Promise((resolve) => {
      const key = JSON.stringify(request.expectation);
      const queue = this.queues.get(key) ?? [];
      queue.push({ key, request, signal, resolve });
      this.queues.set(key, queue);
      this.startWaiting();
    });
  }

  /** Starts waiting checks while threads are free. */
  private startWaiting(): void {
    while (this.busy.size < this.limits.maxThreads && !this.closed) {
      const job = this.nextJob();
      if (!job) return;
      if (!job.signal?.aborted) job.resolve(this.check(job));
    }
  }

  /** Removes and returns the next check of the expectation that was served least recently and has no check running. */
  private nextJob(): Job | undefined {
    for (const [key, queue] of this.queues) {
      if (this.running.has(key)) continue;
      const job = queue.shift();
      if (queue.length === 0) this.queues.delete(key);
      return job;
    }
    return undefined;
  }

  private async check({ key, request }: Job): Promise<CheckOutcome> {
    const used = this.idle.pop();
    let thread = used ?? this.startThread(this.limits);
    this.busy.add(thread);
    this.running.add(key);
    try {
      if (used) {
        const outcome = await used.check(request).catch((error: unknown) => {
          if (this.closed) throw error;
        });
        if (outcome) return outcome;
        // An earlier check, or memory that earlier checks left, may have ended the thread: repeat the check in a new one.
        this.busy.delete(used);
        thread = this.startThread(this.limits);
        this.busy.add(thread);
      }
      return await thread.check(request);
    } catch (error) {
      return outcomeOfEndedThread(error, this.limits);
    } finally {
      this.busy.delete(thread);
      if (thread.usable && !this.closed) this.idle.push(thread);
      this.moveToEnd(key);
      this.startWaiting();
    }
  }

  /** Called when a check of the expectation has ended. Moves the expectation's queue behind all other queues (round robin). */
  private moveToEnd(key: string): void {
    this.running.delete(key);
    const queue = this.queues.get(key);
    if (!queue) return;
    this.queues.delete(key);
    this.queues.set(key, queue);
  }
}
