/** Cleanup and exit of a process. */
import type { Log } from './logging.ts';
import { StartupError } from './startup-error.ts';

/** Collects cleanup steps while a process starts, and runs them in reverse order when it stops. */
export class Cleanups {
  private readonly steps: { what: string; run: () => Promise<unknown> }[] = [];
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
  }

  add(what: string, run: () => Promise<unknown>): void {
    this.steps.push({ what, run });
  }

  /** Runs all steps, the last one first. A step that fails is logged, and the others still run. */
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
 * A signal that arrives this soon after the first one is a duplicate and is ignored: Ctrl-C reaches the whole process group of
 * a terminal, and npm or a service manager forwards it again.
 */
const duplicateWithinMs = 500;

/**
 * Resolves with the first SIGINT, SIGTERM or SIGHUP (which is sent when the terminal is closed). A second signal ends the
 * process at once.
 */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (askedAt !== undefined && now - askedAt > duplicateWithinMs) process.exit(130);
      askedAt ??= now;
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    process.on('SIGHUP', onSignal);
  });
}

/** Runs an entry point and exits the process: with 0, or with 1 and the reason on standard error. */
export async function runMain(main: () => Promise<void>): Promise<never> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof StartupError ? error.message : error);
    process.exit(1);
  }
  process.exit(0);
}

/** Exits the process with 1 after `ms`, in case something hangs. */
export function exitAtLatest(ms: number): void {
  setTimeout(() => process.exit(1), ms).unref();
}
