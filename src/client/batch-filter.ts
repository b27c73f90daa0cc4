import type { BatchFilter } from '../domain/batch.ts';
import type { CallFilter } from './call-filter.ts';

/** Times come as text. */
export function toCallFilter({ since, until, ...names }: BatchFilter): CallFilter {
  return {
    ...names,
    ...(since !== undefined && { since: new Date(since) }),
    ...(until !== undefined && { until: new Date(until) }),
  };
}
