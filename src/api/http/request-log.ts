/** Logs one line per request. Headers, body and query values are left out, since they may contain a key (I5). */
import type { RequestHandler } from 'express';
import { pinoHttp } from 'pino-http';
import type { Log } from '../../platform/logging.ts';
import { notedCall } from './noted-call.ts';
import { withoutKeys } from './without-keys.ts';

const probed = new Set(['/healthz', '/readyz', '/metrics']);

/** Middleware that logs each request when its response has ended. */
export function requestLog(log: Log): RequestHandler {
  return pinoHttp({
    logger: log,
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, ...withoutValues(url) }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
    },
    customSuccessObject: (_req, res, line: object) => ({ ...line, ...notedCall(res) }),
    customErrorObject: (_req, res, _error, line: object) => ({ ...line, ...notedCall(res) }),
    customLogLevel: ({ url }, { statusCode }) => {
      if (statusCode >= 500) return 'warn';
      return probed.has(withoutValues(url).url) ? 'debug' : 'info';
    },
  });
}

/**
 * Removes API keys, for example one that was given in place of its id, and the values of query parameters. Only the names of
 * parameters that have a value are logged, because a name without a value may be a key that was pasted.
 */
function withoutValues(target: string): { url: string; query?: string[] } {
  // The request target may be a whole URL, with a password in it.
  const url = withoutKeys(target.replace(/^\w[\w+.-]*:\/\/[^/?#]*/, ''));
  const at = url.indexOf('?');
  if (at === -1) return { url };
  const names = url
    .slice(at + 1)
    .split('&')
    .flatMap((one) => /^([^=]+)=+[^=]/.exec(one)?.[1] ?? []);
  return { url: url.slice(0, at), query: [...new Set(names)] };
}
