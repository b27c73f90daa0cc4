/** Which calls a list, a count, an export or a batch is about, as a query of Temporal's list filter language. */
import type { ErrorType } from '../../domain/failures.ts';
import { searchable, spellingsOf } from '../../domain/searchable.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { CallStatus } from './call-ending.ts';
import { callsQuery, hasIdPrefix, quote } from '../temporal/queries.ts';

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
  const conditions = [
    status && hasStatus(status),
    errorType && hasErrorType(errorType),
    agent !== undefined && is('agent', [searchable(agent)]),
    // Until another answers it is the agent asked: who answered is known of answered calls only.
    answeredBy !== undefined && `${hasStatus('completed')} AND ${is('answeredBy', spellingsOf(answeredBy))}`,
    session !== undefined && is('session', [searchable(session)]),
    user !== undefined && is('user', spellingsOf(user)),
    since && `StartTime >= ${quote(since.toISOString())}`,
    until && `StartTime < ${quote(until.toISOString())}`,
    text !== undefined && hasIdPrefix(text),
    rerunOf !== undefined && is('rerunOf', [searchable(rerunOf)]),
  ];
  return callsQuery(...conditions.filter((one) => typeof one === 'string'));
}

/** Calls that failed and ended then or later. */
export function failedSinceQuery(since: Date): string {
  return `${listQuery({ status: 'failed' })} AND CloseTime >= ${quote(since.toISOString())}`;
}

/** All calls that run one of these again. */
export function rerunsQuery(callIds: readonly string[]): string {
  return callsQuery(is('rerunOf', callIds));
}

/** Temporal's names of what Holdfast tells apart. */
export const executionStatuses = {
  running: ['Running'],
  completed: ['Completed'],
  failed: ['Failed', 'TimedOut'],
  cancelled: ['Canceled', 'Terminated'],
} as const satisfies Record<CallStatus, readonly string[]>;

function hasStatus(status: CallStatus): string {
  return `ExecutionStatus IN (${executionStatuses[status].map(quote).join(', ')})`;
}

function is(attribute: keyof typeof searchAttributes, values: readonly string[]): string {
  const { name } = searchAttributes[attribute];
  return `${name} IN (${values.map(quote).join(', ')})`;
}

/** Also of calls that Temporal or a fault of ours ended, before their workflow could say with what (`errorTypeOf`). */
function hasErrorType(errorType: ErrorType): string {
  const unsaid = {
    deadline_exceeded: "ExecutionStatus = 'TimedOut'",
    cancelled: hasStatus('cancelled'),
    internal: `(ExecutionStatus = 'Failed' AND ${searchAttributes.errorType.name} IS NULL)`,
  } as Partial<Record<ErrorType, string>>;
  const said = is('errorType', [errorType]);
  return unsaid[errorType] ? `(${said} OR ${unsaid[errorType]})` : said;
}
