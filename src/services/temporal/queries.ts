/**
 * Every query in Temporal's list filter language begins here. A condition that all calls, sessions or batches of a list
 * must meet, such as their owner, is added here and nowhere else. services/calls/call-filter.ts adds what a caller filters by.
 */
import { callWorkflowId, sessionWorkflowId } from '../../domain/ids.ts';
import { searchable } from '../../domain/searchable.ts';

/** A string literal; no value can end it early. */
export function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * Where a query does not name the division, Temporal adds `IS NULL`, and SQLite walks the index of that: every running session
 * before the first ended call. Said like this, which means the same, it takes the index of the type.
 */
const calls =
  "WorkflowType = 'agentCall' AND (TemporalNamespaceDivision IS NULL OR TemporalNamespaceDivision = '')";

/** Calls that meet every condition. */
export function callsQuery(...conditions: readonly string[]): string {
  return [calls, ...conditions].join(' AND ');
}

/** A condition on calls: their ids begin with `text`. */
export function hasIdPrefix(text: string): string {
  return `WorkflowId STARTS_WITH ${quote(callWorkflowId(searchable(text)))}`;
}

/** Those of these calls that have ended. */
export function endedAmongQuery(callIds: readonly string[]): string {
  const ids = callIds.map((callId) => quote(callWorkflowId(callId))).join(', ');
  return `WorkflowId IN (${ids}) AND ExecutionStatus != 'Running'`;
}

export function runningSessionsQuery(): string {
  return "WorkflowType = 'session' AND ExecutionStatus = 'Running'";
}

/** Closed by a removal or a cleanup, and not deleted yet. */
export function closedSessionsQuery(): string {
  return "WorkflowType = 'session' AND ExecutionStatus = 'Completed'";
}

/**
 * Ended runs of one session. Where its id holds what no filter can compare (domain/searchable.ts), others are found too:
 * the caller leaves them out.
 */
export function endedRunsOfSessionQuery(sessionId: string): string {
  const ended = "WorkflowType = 'session' AND ExecutionStatus NOT IN ('Running', 'ContinuedAsNew')";
  return `${mayHaveId(sessionWorkflowId(sessionId))} AND ${ended}`;
}

export function batchesQuery(): string {
  return "WorkflowType = 'rerunBatch'";
}

/** Running workflows that stay with the version of the workers that began them (ADR 0012). */
export function pinnedQuery(deploymentName: string, buildId: string): string {
  const version = JSON.stringify(`${deploymentName}:${buildId}`);
  return `TemporalWorkerDeploymentVersion = ${version} AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'`;
}

function mayHaveId(workflowId: string): string {
  const [comparable = ''] = /^[^"'\\?]*/.exec(workflowId) ?? [];
  return comparable === workflowId
    ? `WorkflowId = ${quote(workflowId)}`
    : `WorkflowId STARTS_WITH ${quote(comparable)}`;
}
