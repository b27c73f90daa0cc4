import type { Log } from '../logging.ts';
import type { ServerProcess } from './server-process.ts';

/** If a server dies more often than this within a minute, it is not restarted any more. */
const maxRestartsPerMinute = 5;

/** A server that is restarted when it dies. */
export interface KeptServer {
  readonly pid: () => number;
  /** Resolves with the reason once the server cannot be restarted or was stopped. */
  readonly lost: Promise<string>;
  stop(): Promise<void>;
}

/** Restarts the server with `start` whenever it dies, on the same data and ports, so that calls in flight continue. */
export function keepRunning(first: ServerProcess, start: () => Promise<ServerProcess>, log: Log): KeptServer {
  let current = first;
  let stopAsked = false;
  const stopping = (): boolean => stopAsked;
  const deaths: number[] = [];
  const watch = async (): Promise<string> => {
    for (;;) {
      const how = await current.exited;
      if (stopping()) return 'it was stopped';
      deaths.push(Date.now());
      if (deaths.filter((at) => at > Date.now() - 60_000).length > maxRestartsPerMinute)
        return `the Temporal server died ${maxRestartsPerMinute + 1} times within a minute; the last time ${how}`;
      log.error({ how }, 'The Temporal server died and is restarted');
      try {
        current = await start();
      } catch (error) {
        return `the Temporal server could not be restarted: ${(error as Error).message}`;
      }
      if (stopping()) await current.stop(); // `stop` was called during the restart.
    }
  };
  const lost = watch();
  return {
    pid: () => current.pid,
    lost,
    async stop() {
      stopAsked = true;
      await current.stop();
      await lost;
    },
  };
}
