import type { z } from 'zod';
import { invalid } from '../../domain/failures.ts';
import { allProjects, sessionIn } from '../../domain/project.ts';
import type { CallFilter } from '../../services/calls/call-filter.ts';
import type { CallSearch, ListOrder } from '../../services/call-index/call-search.ts';
import type { callCountsQuery, callFilter } from '../../contract/call-requests.ts';

/**
 * Converts the filter of a request to that of the services. Throws `Refusal` if it names a session without one project, because
 * each project may have a session of that id.
 */
export function toCallFilter(project: string, filter: z.output<typeof callFilter>): CallFilter {
  const { error_type, answered_by, since, until, rerun_of, session, ...same } = filter;
  if (session !== undefined && project === allProjects)
    throw invalid('session', 'name its project, too: every project may have a session of this id');
  return {
    ...same,
    project,
    session: session === undefined ? undefined : sessionIn(project, session),
    errorType: error_type,
    answeredBy: answered_by,
    since: since === undefined ? undefined : new Date(since),
    until: until === undefined ? undefined : new Date(until),
    rerunOf: rerun_of,
  };
}

/** Converts what a list or a count asks for. Throws like `toCallFilter`. */
export function toCallSearch(project: string, query: z.output<typeof callCountsQuery>): CallSearch {
  const { asked, failed_over, resolved, metadata, prompt_contains, ...filter } = query;
  return {
    ...toCallFilter(project, filter),
    asked,
    failedOver: isYes(failed_over),
    resolved: isYes(resolved),
    metadata,
    promptContains: prompt_contains,
  };
}

interface WireOrder extends ListOrder {
  readonly include?: 'prompt' | undefined;
}

/** Converts the order of a list, and what its rows have. Throws `Refusal` if an order is given without what is ordered. */
export function toListOrder({ sort, order, include }: WireOrder): ListOrder & { withPrompt: boolean } {
  if (order === 'asc' && sort === undefined) throw invalid('order', 'asc needs sort, too');
  return { sort, order, withPrompt: include === 'prompt' };
}

function isYes(answer: 'true' | 'false' | undefined): boolean | undefined {
  return answer === undefined ? undefined : answer === 'true';
}
