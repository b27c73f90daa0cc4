/**
 * Pooled connections that recognise when a request failed only because the connection was stale: an agent may close an idle
 * connection just as the next request goes out. Such a request may be sent once more (Go's transport has the same rule).
 */
/* eslint-disable @typescript-eslint/no-deprecated -- undici's newer handlers have no event for an answer's first byte */
import { Client, Pool, type Agent, type Dispatcher } from 'undici';

/**
 * Thrown if the connection was stale: it had served an earlier request, and was closed before the first byte of this request's
 * answer.
 */
export class StaleConnectionError extends Error {}

/** Error codes of a connection that the other side has closed. Timeouts and malformed HTTP have other codes. */
const closedCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** A `factory` for an undici `Agent`. Requests of that `Agent` fail with `StaleConnectionError` on a stale connection. */
export const keptConnections: NonNullable<Agent.Options['factory']> = (origin, options) =>
  new Pool(origin, { ...(options as Pool.Options), factory: (to, more) => new KeptConnection(to, more) });

/** One connection, with one request at a time (no pipelining). Reconnects when it is used again after a close. */
class KeptConnection extends Client {
  /** How many requests were answered on the current connection. */
  private served = 0;

  constructor(origin: URL, options: object) {
    super(origin, options);
    this.on('disconnect', () => (this.served = 0));
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    let answerBegan = false;
    return super.dispatch(options, {
      onConnect: (...args) => handler.onConnect?.(...args),
      onUpgrade: (...args) => handler.onUpgrade?.(...args),
      onResponseStarted: () => {
        answerBegan = true;
        handler.onResponseStarted?.();
      },
      onHeaders: (...args) => handler.onHeaders?.(...args) ?? true,
      onData: (...args) => handler.onData?.(...args) ?? true,
      onBodySent: (...args) => handler.onBodySent?.(...args),
      onComplete: (...args) => {
        this.served += 1;
        handler.onComplete?.(...args);
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
