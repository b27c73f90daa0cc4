/** The filter of lists, counts, exports and batches of calls, and its translation to Temporal's list filter language. */
import type { ErrorType } from '../../domain/failures.ts';
import { allProjects } from '../../domain/project.ts';
import { searchable, spellingsOf } from '../../domain/searchable.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { CallStatus } from './call-ending.ts';
import { allBatchesQuery, callsQuery, hasIdPrefix, isInProject, quote } from '../temporal/queries.ts';

/** A filter of calls. A call matches if it meets every condition that is set. */
export interface CallFilter {
  /** The project that the calls belong to, or `*` for all projects. */
  readonly project: string;
  readonly status?: CallStatus | undefined;
  readonly errorType?: ErrorType | undefined;
  /** The agent that the caller named, whichever agent answered. */
  readonly agent?: string | undefined;
  readonly answeredBy?: string | undefined;
  readonly session?: string | undefined;
  readonly user?: string | undefined;
  /** The call started at this time or later. */
  readonly since?: Date | undefined;
  /** The call started before this time. */
  readonly until?: Date | undefined;
  /** The call's id begins with this text. */
  readonly text?: string | undefined;
  readonly rerunOf?: string | undefined;
}

/** Returns the query for calls that match. Every value is quoted, so that no value can change the query. */
export function listQuery(filter: CallFilter): string {
  const { project, status, errorType, agent, answeredBy, session, user, since, until, text, rerunOf } =
    filter;
  const conditions = [
    project !== allProjects && isInProject(project),
    status && hasStatus(status),
    errorType && hasErrorType(errorType),
    agent !== undefined && is('agent', [searchable(agent)]),
    // The attribute first holds the agent that the caller named. Only in a completed call does it hold the agent that answered.
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

/**
 * Returns the query for the runs of calls of all projects that have closed after `from` and by `to` (epoch ms). Temporal's times
 * are finer than ours, so the whole millisecond counts, as it does once it is rounded down.
 */
export function callsClosedQuery(from: number, to: number): string {
  return callsQuery(...closedWithin(from, to));
}

/** The same, for calls that have failed. */
export function callsFailedQuery(from: number, to: number): string {
  return callsQuery(hasStatus('failed'), ...closedWithin(from, to));
}

/** Returns the query for the runs of batches of reruns, of all projects, that have closed in that time. */
export function batchesClosedQuery(from: number, to: number): string {
  return allBatchesQuery(...closedWithin(from, to));
}

function closedWithin(from: number, to: number): string[] {
  const begin = (ms: number): string => quote(new Date(ms).toISOString());
  return ["ExecutionStatus != 'Running'", `CloseTime >= ${begin(from + 1)}`, `CloseTime < ${begin(to + 1)}`];
}

/** Returns the query for the direct reruns of these calls. */
export function rerunsQuery(callIds: readonly string[]): string {
  return callsQuery(is('rerunOf', callIds));
}

/** Temporal's names of statuses, as its list filter spells them, for each status of a call. */
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

/**
 * Returns the condition for an error type. It also finds calls that recorded no error type because their workflow did not run
 * to its end: Temporal ended them, or they failed unexpectedly. call-summary.ts (`errorTypeOf`) follows the same rule.
 */
function hasErrorType(errorType: ErrorType): string {
  const withoutOwnType = {
    deadline_exceeded: "ExecutionStatus = 'TimedOut'",
    cancelled: hasStatus('cancelled'),
    internal: `(ExecutionStatus = 'Failed' AND ${searchAttributes.errorType.name} IS NULL)`,
  } as Partial<Record<ErrorType, string>>;
  const ownType = is('errorType', [errorType]);
  const otherwise = withoutOwnType[errorType];
  return otherwise ? `(${ownType} OR ${otherwise})` : ownType;
}
