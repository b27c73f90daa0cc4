/** Counts the requests for calls that are refused for lack of room. */
import type { ErrorRequestHandler } from 'express';
import { asRefusal } from '../../payloads/store-refusals.ts';
import { Refusal } from '../../domain/failures.ts';
import { rejectionReasons, type RejectionReason } from '../../platform/metric-table.ts';
import type { Metrics } from '../../platform/metrics.ts';

/** Creates the error handler of an endpoint that starts calls. It only counts. */
export function countRejected({ rejected }: Pick<Metrics, 'rejected'>): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    const reason = reasonOf(asRefusal(error));
    // With a Location the call may exist, so it was not refused. Without an answer of Temporal's nobody knows.
    const mayExist = response.get('Location') !== undefined && reason !== 'temporal_unavailable';
    if (reason !== undefined && !mayExist) rejected.inc({ reason });
    next(error);
  };
}

function reasonOf(error: unknown): RejectionReason | undefined {
  if (!(error instanceof Refusal)) return undefined;
  const reason = error.type === 'overloaded' ? error.limit?.name : error.type;
  return reason !== undefined && isReason(reason) ? reason : undefined;
}

function isReason(text: string): text is RejectionReason {
  return Object.hasOwn(rejectionReasons, text);
}
