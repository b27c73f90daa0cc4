import type { z } from 'zod';
import { invalid } from '../../domain/failures.ts';
import { allProjects, sessionIn } from '../../domain/project.ts';
import type { CallFilter } from '../../services/calls/call-filter.ts';
import type { callFilter } from '../../contract/call-requests.ts';

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
