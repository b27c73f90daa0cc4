import { CliError } from './errors.ts';

/**
 * Runs `work` until it ends or the user presses Ctrl-C. The first SIGINT or SIGTERM aborts the signal that `work` gets; then a
 * `CliError` with `interruptedMessage()` is thrown, which says what continues on the node. A second one ends the process.
 */
export async function untilInterrupted<T>(
  work: (signal: AbortSignal) => Promise<T>,
  interruptedMessage: () => string,
): Promise<T> {
  const interrupted = new AbortController();
  const onSignal = (): void => {
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work(interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    throw new CliError('interrupted', interruptedMessage(), { cause: error });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
