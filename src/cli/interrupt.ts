import { CliError } from './errors.ts';

/** Runs work that Ctrl-C leaves rather than breaks off; `told` then says what goes on without us. */
export async function untilInterrupted<T>(
  work: (signal: AbortSignal) => Promise<T>,
  told: () => string,
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
    throw new CliError('interrupted', told(), { cause: error });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
