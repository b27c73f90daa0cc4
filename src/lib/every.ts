/**
 * Runs `task` repeatedly, each time `intervalMs` (±10 % jitter) after the previous run has ended. If a run fails, `onError` is
 * called and the task continues to be run. The timer does not keep the process alive. Returns a function that stops the
 * repetition and resolves when a run in flight has ended.
 */
export function every(
  intervalMs: number,
  task: () => Promise<unknown>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  const plan = (): void => {
    if (stopped) return;
    timer = setTimeout(
      () => {
        round = Promise.resolve()
          .then(task)
          .then(() => undefined, onError)
          .then(plan);
      },
      intervalMs * (0.9 + 0.2 * Math.random()),
    );
    timer.unref();
  };
  plan();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await round;
  };
}
