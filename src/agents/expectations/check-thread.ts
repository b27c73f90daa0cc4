import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { withTimeLimit } from '../../lib/time-limit.ts';
import type { CheckReply, CheckRequest } from './expectation-thread.ts';

/** The limits of one check. */
export interface CheckLimits {
  /** The time limit in ms, counted from the moment at which the thread gets the check. */
  readonly timeoutMs: number;
  /** The heap limit of the thread, in MiB. */
  readonly memoryMib: number;
}

/**
 * The outcome of a check: the thread's reply, or `undecided` if the check was given up because it reached a limit. `undecided`
 * names that limit in words, e.g. "within 2 s (HOLDFAST_EXPECT_TIMEOUT_MS)".
 */
export type CheckOutcome = CheckReply | { readonly undecided: string };

/**
 * The program that the thread runs. When Holdfast runs from its sources (tests, tsx), the program first registers tsx, because
 * a thread cannot load TypeScript by itself.
 */
const program = import.meta.url.endsWith('.ts') ? fromSources() : importing('./expectation-thread.js');

/**
 * A worker thread that checks one answer at a time. After a timeout, or when the thread ends by itself, it is no longer
 * `usable`, and its owner starts another one.
 */
export class CheckThread {
  private readonly worker: Worker;
  private readonly ready: Promise<unknown>;
  private readonly ended: Promise<Error>;
  private readonly limits: CheckLimits;
  private gone = false;

  constructor(limits: CheckLimits) {
    this.limits = limits;
    this.worker = new Worker(program, {
      eval: true,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: limits.memoryMib },
    });
    this.worker.unref(); // The thread does not keep the process alive.
    this.ended = new Promise((resolve) => {
      this.worker.once('error', resolve).once('exit', () => resolve(new Error('The thread ended')));
    });
    this.ready = this.race(new Promise((resolve) => this.worker.once('message', resolve)));
    this.ready.catch(() => undefined); // `check` rejects with this error.
  }

  get usable(): boolean {
    return !this.gone;
  }

  /** Checks one answer within the limits. Rejects with the thread's error if the thread has ended or ends during the check. */
  async check(request: CheckRequest): Promise<CheckOutcome> {
    await this.ready;
    const { timeoutMs } = this.limits;
    const reply = new Promise<CheckOutcome>((resolve) => this.worker.once('message', resolve));
    this.worker.postMessage(request);
    const outcome = await withTimeLimit(this.race(reply), timeoutMs, () => ({
      undecided: `within ${timeoutMs / 1_000} s (HOLDFAST_EXPECT_TIMEOUT_MS)`,
    }));
    if ('undecided' in outcome) void this.close();
    return outcome;
  }

  async close(): Promise<void> {
    this.gone = true;
    await this.worker.terminate();
  }

  /** Settles like `work`, or rejects as soon as the thread has ended for whatever reason. */
  private async race<T>(work: Promise<T>): Promise<T> {
    const ended = this.ended.then((error): never => {
      this.gone = true;
      throw error;
    });
    return await Promise.race([work, ended]);
  }
}

/**
 * Returns the outcome of a check whose thread ended with `error`: `undecided` if the thread ran out of memory. Throws any other
 * error.
 */
export function outcomeOfEndedThread(error: unknown, { memoryMib }: CheckLimits): CheckOutcome {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
  return { undecided: `within ${memoryMib} MiB (HOLDFAST_EXPECT_MEMORY_MIB)` };
}

function importing(script: string): string {
  return `import(${JSON.stringify(new URL(script, import.meta.url).href)})`;
}

function fromSources(): string {
  const tsx = dirname(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = JSON.stringify(pathToFileURL(join(tsx, 'dist', 'esm', 'api', 'index.mjs')).href);
  return `import(${loader}).then(({ register }) => (register(), ${importing('./expectation-thread.ts')}))`;
}
