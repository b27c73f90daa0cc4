/**
 * Checks answers against what their agents' registrations expect, in threads of its own: a schema can take minutes for an
 * answer that fits every other limit, and nothing else may wait for it.
 */
import type { AgentExpectation } from '../../domain/agent.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { CheckThread, endedOf, type CheckLimits, type CheckOutcome } from './check-thread.ts';
import { cutErrorText, errorText } from '../redaction/error-text.ts';
import type { CheckRequest } from './expectation-thread.ts';
import { shorterThan } from './expectation.ts';
import { noRedaction, type Redactor } from '../redaction/redactor.ts';
import { AgentError } from '../transport.ts';

export interface ExpectationLimits extends CheckLimits {
  /** Checks at a time. */
  readonly maxThreads: number;
}

export type StartThread = (limits: CheckLimits) => CheckThread;

interface Job {
  /** The expectation as JSON. */
  readonly key: string;
  readonly request: CheckRequest;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (outcome: CheckOutcome | Promise<CheckOutcome>) => void;
}

export class Expectations {
  private readonly limits: ExpectationLimits;
  private readonly startThread: StartThread;
  /** By expectation, each with one check under way: whose checks take long waits behind itself, not before the others. */
  private readonly waiting = new Map<string, Job[]>();
  private readonly underWay = new Set<string>();
  private readonly busy = new Set<CheckThread>();
  private idle: CheckThread[] = [];
  private closed = false;

  /** Threads start when they are first needed. */
  constructor(limits: ExpectationLimits, startThread: StartThread = (own) => new CheckThread(own)) {
    this.limits = limits;
    this.startThread = startThread;
  }

  /** Throws the `invalid_response` of an answer that its agent's expectation does not take, or the signal's reason. */
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

  /** Throws an `Error` that names the field of the registration that cannot be compiled. */
  async requireCompilable(expectation: AgentExpectation): Promise<void> {
    const outcome = await this.run({ expectation });
    if ('fault' in outcome) throw new Error(cutErrorText(outcome.fault));
    if ('undecided' in outcome) throw new Error(`expect: it could not be compiled ${outcome.undecided}`);
  }

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
      const line = this.waiting.get(key) ?? [];
      line.push({ key, request, signal, resolve });
      this.waiting.set(key, line);
      this.next();
    });
  }

  private next(): void {
    while (this.busy.size < this.limits.maxThreads && !this.closed) {
      const job = this.take();
      if (!job) return;
      if (!job.signal?.aborted) job.resolve(this.check(job));
    }
  }

  /** Of the expectation whose turn is longest ago. */
  private take(): Job | undefined {
    for (const [key, line] of this.waiting) {
      if (this.underWay.has(key)) continue;
      const job = line.shift();
      if (line.length === 0) this.waiting.delete(key);
      return job;
    }
    return undefined;
  }

  private async check({ key, request }: Job): Promise<CheckOutcome> {
    const used = this.idle.pop();
    let thread = used ?? this.startThread(this.limits);
    this.busy.add(thread);
    this.underWay.add(key);
    try {
      if (used) {
        const outcome = await used.check(request).catch((error: unknown) => {
          if (this.closed) throw error;
        });
        if (outcome) return outcome;
        // It may have ended of an earlier check, or of what those left in memory: a new one tells.
        this.busy.delete(used);
        thread = this.startThread(this.limits);
        this.busy.add(thread);
      }
      return await thread.check(request);
    } catch (error) {
      return endedOf(error, this.limits);
    } finally {
      this.busy.delete(thread);
      if (thread.usable && !this.closed) this.idle.push(thread);
      this.goBehind(key);
      this.next();
    }
  }

  private goBehind(key: string): void {
    this.underWay.delete(key);
    const line = this.waiting.get(key);
    if (!line) return;
    this.waiting.delete(key);
    this.waiting.set(key, line);
  }
}
