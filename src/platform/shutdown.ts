/** What a process took up, to be given back in reverse order whatever happens. */
import type { Log } from './logging.ts';

export class Cleanups {
  private readonly steps: { what: string; run: () => Promise<unknown> }[] = [];
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
  }

  add(what: string, run: () => Promise<unknown>): void {
    this.steps.push({ what, run });
  }

  /** Last in, first out; a step that fails is told and the others are done all the same. */
  async run(): Promise<void> {
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await step.run();
      } catch (error) {
        this.log.warn({ err: error }, `Stopping: ${step.what} failed`);
      }
    }
  }
}

/**
 * Ctrl-C reaches a terminal's whole process group, and npm hands it on to its child once more; a service manager may do the
 * same. What comes so soon after the first signal is the same wish.
 */
const sameWishMs = 500;

/** Resolves with the first SIGINT, SIGTERM or SIGHUP (its terminal was closed); a second one ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (askedAt !== undefined && now - askedAt > sameWishMs) process.exit(130);
      askedAt ??= now;
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    process.on('SIGHUP', onSignal);
  });
}

/** An error whose message alone tells the user what to do: printed without a stack. */
export class StartupError extends Error {}

/** Runs an entry point to its end and leaves the process with 0, or with 1 and the reason on standard error. */
export async function runMain(main: () => Promise<void>): Promise<never> {
  try {
    await main();
  } catch (error) {
    const told = error instanceof StartupError ? error.message : error;
    console.error(told);
    process.exit(1);
  }
  process.exit(0);
}

/** The process ends by then, whatever hangs. */
export function exitAtLatest(ms: number): void {
  setTimeout(() => process.exit(1), ms).unref();
}
