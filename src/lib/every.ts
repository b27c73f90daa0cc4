/**
 * Runs `task` again and again, `intervalMs` after it ended, each time a little early or late. A failure is told and
 * the next round comes all the same. Returns how to stop; that waits for a round under way.
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
