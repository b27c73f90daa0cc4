import type { Worker as TemporalWorker } from '@temporalio/worker';

/** The part of the SDK's worker that is used. */
export type Worker = Pick<TemporalWorker, 'run' | 'shutdown' | 'getState'>;

/** A worker that runs until it is stopped, and can be replaced meanwhile. */
export interface RunningWorker {
  /** Whether the worker runs, or drains after a stop. */
  running(): boolean;
  /** Resolves with the reason if the worker ends although it was not stopped. */
  readonly ended: Promise<string>;
  /**
   * Replaces the worker by a new one, which polls at once and continues the work. Resolves with the error if the old worker
   * did not stop cleanly, otherwise with undefined.
   */
  renew(): Promise<unknown>;
  /** Stops the worker: it hands its work over. Resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * How often the worker's state is checked: if it fails, for example because its namespace was deleted, its `run` may never
 * settle.
 */
const watchMs = 1_000;
const notRunning = ['INITIALIZED', 'STOPPED', 'FAILED'];

/** Starts the worker that `create` makes. */
export async function runWorker(create: () => Promise<Worker>): Promise<RunningWorker> {
  let current = watched(await create());
  let stopping = false;
  let renewal: Promise<unknown> | undefined;
  let onEnded: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (onEnded = resolve));
  const follow = async (): Promise<void> => {
    const followed = current;
    const reason = await followed.ended;
    if (followed === current && !stopping && !renewal) onEnded(reason);
  };
  void follow();

  const renew = async (): Promise<unknown> => {
    // A worker that does not stop cleanly, for example with thousands of calls in flight, is replaced too.
    const fault = await current.stop().then(
      () => undefined,
      (error: unknown) => error,
    );
    try {
      current = watched(await create());
    } catch (error) {
      onEnded(`the worker could not be replaced: ${String(error)}`);
      throw error;
    }
    void follow();
    return fault;
  };
  return {
    running: () => !notRunning.includes(current.worker.getState()),
    ended,
    async renew() {
      if (stopping) return undefined;
      renewal ??= renew().finally(() => (renewal = undefined));
      return renewal;
    },
    async stop() {
      stopping = true;
      await renewal?.catch(() => undefined);
      await current.stop();
    },
  };
}

/** Runs one worker to its end. */
function watched(worker: Worker) {
  const run = worker.run();
  const ended = new Promise<string>((resolve) => {
    const watch = setInterval(() => {
      if (worker.getState() === 'FAILED') resolve('the worker failed; the log says why');
    }, watchMs).unref();
    run
      .then(
        () => resolve('the worker ended'),
        (error: unknown) => resolve(`the worker failed: ${String(error)}`),
      )
      .finally(() => clearInterval(watch));
  });
  return {
    worker,
    ended,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      if (worker.getState() !== 'FAILED') await run;
    },
  };
}
