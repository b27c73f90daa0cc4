/** Which calls a list, a count, an export or a batch is about, as a query of Temporal's list filter language. */
import type { ErrorType } from '../domain/failures.ts';
import { callWorkflowId } from '../domain/ids.ts';
import { searchable, spellingsOf } from '../domain/searchable.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import type { CallStatus } from './call-ending.ts';
import { quote } from './visibility.ts';

/** A call is meant that all of these hold for. */
export interface CallFilter {
  readonly status?: CallStatus | undefined;
  readonly errorType?: ErrorType | undefined;
  /** Asked. */
  readonly agent?: string | undefined;
  readonly answeredBy?: string | undefined;
  readonly session?: string | undefined;
  readonly user?: string | undefined;
  /** The call started then or later. */
  readonly since?: Date | undefined;
  /** The call started before. */
  readonly until?: Date | undefined;
  /** The call's id begins with it. */
  readonly text?: string | undefined;
  readonly rerunOf?: string | undefined;
}

/** No value of a filter can end its literal early, whatever it holds. */
export function listQuery(filter: CallFilter): string {
  const { status, errorType, agent, answeredBy, session, user, since, until, text, rerunOf } = filter;
  return [
    "WorkflowType = 'agentCall'",
    status && statuses[status],
    errorType && hasErrorType(errorType),
    agent !== undefined && is('agent', [searchable(agent)]),
    // Until another answers it is the agent asked: who answered is known of answered calls only.
    answeredBy !== undefined && `${statuses.completed} AND ${is('answeredBy', spellingsOf(answeredBy))}`,
    session !== undefined && is('session', [searchable(session)]),
    user !== undefined && is('user', spellingsOf(user)),
    since && `StartTime >= ${quote(since.toISOString())}`,
    until && `StartTime < ${quote(until.toISOString())}`,
    text !== undefined && `WorkflowId STARTS_WITH ${quote(callWorkflowId(searchable(text)))}`,
    rerunOf !== undefined && is('rerunOf', [searchable(rerunOf)]),
  ]
    .filter(Boolean)
    .join(' AND ');
}

const statuses: Record<CallStatus, string> = {
  running: "ExecutionStatus = 'Running'",
  completed: "ExecutionStatus = 'Completed'",
  failed: "ExecutionStatus IN ('Failed', 'TimedOut')",
  cancelled: "ExecutionStatus IN ('Canceled', 'Terminated')",
};

function is(attribute: keyof typeof searchAttributes, values: readonly string[]): string {
  const { name } = searchAttributes[attribute];
  return `${name} IN (${values.map(quote).join(', ')})`;
}

/** Also of calls that Temporal or a fault of ours ended, before their workflow could say with what (`errorTypeOf`). */
function hasErrorType(errorType: ErrorType): string {
  const unsaid = {
    deadline_exceeded: "ExecutionStatus = 'TimedOut'",
    cancelled: statuses.cancelled,
    internal: `(ExecutionStatus = 'Failed' AND ${searchAttributes.errorType.name} IS NULL)`,
  } as Partial<Record<ErrorType, string>>;
  const said = is('errorType', [errorType]);
  return unsaid[errorType] ? `(${said} OR ${unsaid[errorType]})` : said;
}
