/**
 * Connections of a pool that know whether they have served before. An agent may close one that is idle just as the
 * next request goes out: nothing failed then, and the request may be sent once more (Go's transport has the same rule).
 */
/* eslint-disable @typescript-eslint/no-deprecated -- no newer form of undici's handlers is told of an answer's first byte */
import { Client, Pool, type Agent, type Dispatcher } from 'undici';

/** The connection had served a request before, and was closed before a byte of this one's answer came. */
export class StaleConnectionError extends Error {}

/** How a connection that the other side has closed shows; a time that is up, or bytes that are not HTTP, do not. */
const closedCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** For `Agent`: requests on its connections may fail with `StaleConnectionError`. */
export const keptConnections: NonNullable<Agent.Options['factory']> = (origin, options) =>
  new Pool(origin, { ...(options as Pool.Options), factory: (to, more) => new KeptConnection(to, more) });

/** One connection at a time, one request at a time (no pipelining). */
class KeptConnection extends Client {
  /** Requests that were answered over the connection that is open now. */
  private served = 0;

  constructor(origin: URL, options: object) {
    super(origin, options);
    this.on('disconnect', () => (this.served = 0));
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    let answerBegan = false;
    return super.dispatch(options, {
      onConnect: (...told) => handler.onConnect?.(...told),
      onUpgrade: (...told) => handler.onUpgrade?.(...told),
      onResponseStarted: () => {
        answerBegan = true;
        handler.onResponseStarted?.();
      },
      onHeaders: (...told) => handler.onHeaders?.(...told) ?? true,
      onData: (...told) => handler.onData?.(...told) ?? true,
      onBodySent: (...told) => handler.onBodySent?.(...told),
      onComplete: (...told) => {
        this.served += 1;
        handler.onComplete?.(...told);
      },
      onError: (error) => {
        const stale = this.served > 0 && !answerBegan && closedCodes.has(codeOf(error) ?? '');
        handler.onError?.(stale ? new StaleConnectionError(error.message, { cause: error }) : error);
      },
    });
  }
}

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
