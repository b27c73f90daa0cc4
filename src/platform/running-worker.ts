import type { Worker } from '@temporalio/worker';

export interface RunningWorker {
  /** Also while it ends what it has begun. */
  running(): boolean;
  /** Resolves with the reason when it ends without having been asked to. */
  readonly ended: Promise<string>;
  /** Replaces it by a new one, which polls at once and takes up what this one worked on. */
  renew(): Promise<void>;
  /** Hands over what it works on and resolves once it has ended. */
  stop(): Promise<void>;
}

/** A worker that failed, e.g. as its namespace was deleted, may never let go of its native half: its state is watched. */
const watchMs = 1_000;
const notRunning = ['INITIALIZED', 'STOPPED', 'FAILED'];

export async function runWorker(create: () => Promise<Worker>): Promise<RunningWorker> {
  let current = watched(await create());
  let stopping = false;
  let renewal: Promise<void> | undefined;
  let tell: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (tell = resolve));
  const follow = async (): Promise<void> => {
    const followed = current;
    const reason = await followed.ended;
    if (followed === current && !stopping && !renewal) tell(reason);
  };
  void follow();

  const renew = async (): Promise<void> => {
    await current.stop();
    current = watched(await create());
    void follow();
  };
  return {
    running: () => !notRunning.includes(current.worker.getState()),
    ended,
    async renew() {
      if (stopping) return;
      renewal ??= renew().finally(() => (renewal = undefined));
      await renewal;
    },
    async stop() {
      stopping = true;
      await renewal;
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
