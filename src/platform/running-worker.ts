import type { Worker as TemporalWorker } from '@temporalio/worker';

export type Worker = Pick<TemporalWorker, 'run' | 'shutdown' | 'getState'>;

export interface RunningWorker {
  /** Also while it ends what it has begun. */
  running(): boolean;
  /** Resolves with the reason when it ends without having been asked to. */
  readonly ended: Promise<string>;
  /**
   * Replaces it by a new one, which polls at once and takes up what this one worked on. Resolves with what kept the old one
   * from ending in good order, if anything did.
   */
  renew(): Promise<unknown>;
  /** Hands over what it works on and resolves once it has ended. */
  stop(): Promise<void>;
}

/** A worker that failed, e.g. as its namespace was deleted, may never let go of its native half: its state is watched. */
const watchMs = 1_000;
const notRunning = ['INITIALIZED', 'STOPPED', 'FAILED'];

export async function runWorker(create: () => Promise<Worker>): Promise<RunningWorker> {
  let current = watched(await create());
  let stopping = false;
  let renewal: Promise<unknown> | undefined;
  let tell: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (tell = resolve));
  const follow = async (): Promise<void> => {
    const followed = current;
    const reason = await followed.ended;
    if (followed === current && !stopping && !renewal) tell(reason);
  };
  void follow();

  const renew = async (): Promise<unknown> => {
    // One that does not end in good order, as with thousands of calls in flight, is replaced all the same.
    const fault = await current.stop().then(
      () => undefined,
      (error: unknown) => error,
    );
    try {
      current = watched(await create());
    } catch (error) {
      tell(`no worker could take the place of the one before: ${String(error)}`);
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

/** One worker that runs, to its end. */
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
