import type { BatchFilter } from '../../domain/batch.ts';
import type { ErrorType } from '../../domain/failures.ts';
import { defaultProject } from '../../domain/project.ts';
import type { CallFilter } from '../calls/call-filter.ts';

/** Converts the filter of a batch, which has the API's form (its field names, times as text), to a filter of calls. */
export function callFilterOf(filter: BatchFilter): CallFilter {
  const { error_type, answered_by, since, until, rerun_of, ...same } = filter;
  return {
    project: defaultProject, // Batches from before projects existed name none.
    ...same,
    ...(error_type !== undefined && { errorType: error_type as ErrorType }),
    ...(answered_by !== undefined && { answeredBy: answered_by }),
    ...(since !== undefined && { since: new Date(since) }),
    ...(until !== undefined && { until: new Date(until) }),
    ...(rerun_of !== undefined && { rerunOf: rerun_of }),
  };
}
