import { allProjects, projectOf } from '../../domain/project.ts';
import type { CallFilter } from './call-filter.ts';
import type { CallSummary } from './call-summary.ts';

/** Whether the call with this summary matches the filter. It is the same rule as in call-filter.ts, without Temporal. */
export function matches(filter: CallFilter, call: CallSummary): boolean {
  const wanted = (value: string | undefined, actual: string | undefined): boolean =>
    value === undefined || value === actual;
  return (
    (filter.project === allProjects || filter.project === projectOf(call.callId)) &&
    wanted(filter.status, call.status) &&
    wanted(filter.errorType, call.errorType) &&
    wanted(filter.agent, call.agentAsked) &&
    wanted(filter.answeredBy, call.answeredBy) &&
    wanted(filter.session, call.sessionId) &&
    wanted(filter.user, call.userId) &&
    wanted(filter.rerunOf, call.rerunOf) &&
    call.callId.startsWith(filter.text ?? '') &&
    (filter.since === undefined || call.startedAt >= filter.since) &&
    (filter.until === undefined || call.startedAt < filter.until)
  );
}
