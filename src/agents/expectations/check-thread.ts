import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { withTimeLimit } from '../../lib/time-limit.ts';
import type { CheckReply, CheckRequest } from './expectation-thread.ts';

export interface CheckLimits {
  /** Of one check, from when its thread takes it. */
  readonly timeoutMs: number;
  readonly memoryMib: number;
}

/** `undecided`: why the thread did not come to an end with it. */
export type CheckOutcome = CheckReply | { readonly undecided: string };

/** From the sources (tests, tsx) a thread needs what reads TypeScript; from the build nothing. */
const program = import.meta.url.endsWith('.ts') ? fromSources() : importing('./expectation-thread.js');

/** A thread that checks one answer at a time. One that took too long is gone; whoever owns it makes another. */
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
    this.worker.unref(); // A process that is done does not wait for it.
    this.ended = new Promise((resolve) => {
      this.worker.once('error', resolve).once('exit', () => resolve(new Error('The thread ended')));
    });
    this.ready = this.race(new Promise((resolve) => this.worker.once('message', resolve)));
    this.ready.catch(() => undefined); // Told to whoever asks for a check.
  }

  get usable(): boolean {
    return !this.gone;
  }

  /** Rejects with what the thread ended of. */
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

  /** Rejects once the thread has ended, however. */
  private async race<T>(work: Promise<T>): Promise<T> {
    const ended = this.ended.then((error): never => {
      this.gone = true;
      throw error;
    });
    return await Promise.race([work, ended]);
  }
}

/** Of a thread that ended because of its check. */
export function endedOf(error: unknown, { memoryMib }: CheckLimits): CheckOutcome {
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
