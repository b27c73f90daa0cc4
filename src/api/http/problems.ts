/** Answers every error of the API as RFC 9457 `application/problem+json`. */
import type { NextFunction, Request, Response } from 'express';
import { asRefusal as asStoreRefusal } from '../../payloads/store-refusals.ts';
import { Refusal, refusals, type OtherRefusalType } from '../../domain/failures.ts';
import type { Log } from '../../platform/logging.ts';
import { notedCall } from './noted-call.ts';
import { withoutKeys } from './without-keys.ts';

/** Returns the members of the problem document for a refusal. */
export function problemBody(refusal: Refusal): Record<string, unknown> {
  const { status, title } = refusals[refusal.type];
  return {
    type: `urn:holdfast:problem:${refusal.type}`,
    title,
    status,
    detail: refusal.message,
    error_type: refusal.type,
    ...refusal.extra,
  };
}

/** Sends the refusal, with the headers that belong to it. */
export function sendProblem(response: Response, refusal: Refusal): void {
  const { status } = refusals[refusal.type];
  if (refusal.retryAfterSeconds !== undefined) response.set('Retry-After', String(refusal.retryAfterSeconds));
  if (refusal.limit) {
    const { name, quota, seconds, remaining = 0 } = refusal.limit;
    const what = seconds === undefined ? 'qu="concurrent-requests"' : `w=${seconds}`;
    response.set('RateLimit-Policy', `"${name}";q=${quota};${what}`);
    response.set('RateLimit', `"${name}";r=${remaining};t=${refusal.retryAfterSeconds ?? 1}`);
  }
  // One header line each: Chromium reads only the first challenge of a line, and would never ask for a password.
  if (status === 401)
    response.set(
      'WWW-Authenticate',
      isByScript(response.req) ? 'Bearer' : ['Bearer', 'Basic realm="Holdfast"'],
    );
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify(problemBody(refusal)));
}

/**
 * Whether a page of a browser sent the request, rather than a program or somebody who follows a link. For these the browser would
 * ask for a password in a dialog of its own. Over plain HTTP browsers do not say so, but only their own requests take HTML.
 */
function isByScript({ headers }: Request): boolean {
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode !== 'navigate';
  const isBrowser = headers['user-agent']?.startsWith('Mozilla/') === true;
  return isBrowser && headers.accept?.includes('text/html') !== true;
}

/**
 * Creates Express's last middleware, which answers errors. An unexpected error is logged with its stack and answered without
 * details.
 */
export function problemHandler(log: Log) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    const refusal = asRefusal(error);
    if (refusal.type === 'internal')
      log.error({ err: error, path: withoutKeys(request.path), ...notedCall(response) }, 'A request failed');
    if (response.headersSent) {
      next(error); // Express closes the connection, so that an incomplete stream does not look complete.
      return;
    }
    sendProblem(response, refusal);
  };
}

function asRefusal(thrown: unknown): Refusal {
  const error = asStoreRefusal(thrown);
  if (error instanceof Refusal) return error;
  const type = (error as { type?: unknown } | null)?.type;
  const mapped = typeof type === 'string' ? bodyParserRefusals[type] : undefined;
  if (mapped) return new Refusal(mapped, withoutExcerpt((error as Error).message), { cause: error });
  if (error instanceof URIError) return badPath(error);
  if ((error as { status?: unknown } | null)?.status === 400)
    return new Refusal('invalid_json', 'The request is malformed', { cause: error });
  return new Refusal('internal', 'An unexpected error in the node; its log has the details', {
    cause: error,
  });
}

function badPath(cause: URIError): Refusal {
  const message = 'its percent-encoding is not whole: % is written %25';
  const errors = [{ field: 'path', message }];
  return new Refusal('validation_failed', `path: ${message}`, { extra: { errors }, cause });
}

/** Removes from an error message of `JSON.parse` the quoted excerpt of the text, because it may contain a token (I5). */
function withoutExcerpt(message: string): string {
  return message.replace(/, (\.\.\.)?"[^]*$/, '');
}

/** The refusals for the types of errors that express.json() throws. */
const bodyParserRefusals: Readonly<Record<string, OtherRefusalType>> = {
  'entity.parse.failed': 'invalid_json',
  'entity.verify.failed': 'invalid_json',
  'request.size.invalid': 'invalid_json',
  'request.aborted': 'invalid_json',
  'entity.too.large': 'body_too_large',
  'charset.unsupported': 'unsupported_media_type',
  'encoding.unsupported': 'unsupported_media_type',
};
