/** The spans of the requests that may start calls. */
import type { Request, Response } from 'express';
import type { OpenSpan } from '../../domain/trace-context.ts';
import type { Tracing } from '../../platform/tracing.ts';
import { notedCall } from './noted-call.ts';
import { withoutKeys } from './without-keys.ts';

const spans = new WeakMap<Request, OpenSpan>();

/**
 * Begins the span of a request that arrived at `arrivedAt` (by `performance.now()`), and ends it with its response. `route` is
 * the path with `{name}`.
 */
export function traceRequest(
  tracing: Pick<Tracing, 'request'>,
  route: string,
  arrivedAt: number,
  request: Request,
  response: Response,
): void {
  const headers = { traceparent: request.header('traceparent'), tracestate: request.header('tracestate') };
  const ageMs = performance.now() - arrivedAt;
  const span = tracing.request({
    method: request.method,
    route,
    path: withoutKeys(request.path),
    headers,
    ageMs,
  });
  spans.set(request, span);
  response.once('close', () => {
    const { statusCode, writableFinished } = response;
    const attributes = { 'holdfast.call.id': notedCall(response)?.callId };
    // Without a complete response, the status is not what the client got.
    if (!writableFinished) span.end(attributes);
    else
      span.end(
        { ...attributes, 'http.response.status_code': statusCode },
        statusCode >= 500 ? String(statusCode) : undefined,
      );
  });
}

/** Returns the span of a request that may start calls; undefined for any other. */
export function spanOf(request: Request): OpenSpan | undefined {
  return spans.get(request);
}
