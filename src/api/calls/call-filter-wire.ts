import type { z } from 'zod';
import type { CallFilter } from '../../services/calls/call-filter.ts';
import type { callFilter } from '../../contract/call-requests.ts';

/** Converts the filter of a request to that of the services. */
export function toCallFilter(filter: z.output<typeof callFilter>): CallFilter {
  const { error_type, answered_by, since, until, rerun_of, ...same } = filter;
  return {
    ...same,
    errorType: error_type,
    answeredBy: answered_by,
    since: since === undefined ? undefined : new Date(since),
    until: until === undefined ? undefined : new Date(until),
    rerunOf: rerun_of,
  };
}
