/**
 * Every query in Temporal's list filter language is made from the functions of this file. A condition that all calls,
 * sessions or batches must meet, such as their owner, is added here and nowhere else. services/calls/call-filter.ts adds
 * the conditions of a caller's filter.
 */
import { callWorkflowId, sessionWorkflowId } from '../../domain/ids.ts';
import { allProjects, defaultProject, sessionIn } from '../../domain/project.ts';
import { searchable } from '../../domain/searchable.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

/** Quotes a value as a string literal. No value can end the literal early. */
export function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * The condition for calls. If a query does not name the division, Temporal adds `TemporalNamespaceDivision IS NULL`, and SQLite
 * scans the index of the division: every running session before the first ended call. This condition is equivalent, and SQLite
 * uses the index of the workflow type.
 */
const anyDivision = "(TemporalNamespaceDivision IS NULL OR TemporalNamespaceDivision = '')";
const calls = `WorkflowType = 'agentCall' AND ${anyDivision}`;

/** Returns the query for calls that meet every condition. */
export function callsQuery(...conditions: readonly string[]): string {
  return [calls, ...conditions].join(' AND ');
}

/** The type of the workflow of a batch of reruns. */
export const batchType = 'rerunBatch';

/**
 * Returns the query for batches of all projects that meet every condition. There is none for calls and batches together: with
 * two types SQLite does not use the index of the type, and reads every running session first.
 */
export function allBatchesQuery(...conditions: readonly string[]): string {
  return [batchesQuery(allProjects), anyDivision, ...conditions].join(' AND ');
}

/** Returns the condition that calls or batches belong to the project. Those of `default` have no attribute. */
export function isInProject(project: string): string {
  const { name } = searchAttributes.project;
  return project === defaultProject ? `${name} IS NULL` : `${name} = ${quote(project)}`;
}

/** Returns the condition that the ids of calls begin with `text`. */
export function hasIdPrefix(text: string): string {
  return `WorkflowId STARTS_WITH ${quote(callWorkflowId(searchable(text)))}`;
}

/** Returns the query for those of the given calls that have ended. */
export function endedAmongQuery(callIds: readonly string[]): string {
  const ids = callIds.map((callId) => quote(callWorkflowId(callId))).join(', ');
  return `WorkflowId IN (${ids}) AND ExecutionStatus != 'Running'`;
}

/** Returns the query for the calls of a project that have ended, at `from` or later, and before `until` (epoch ms). */
export function closedCallsQuery(project: string, from: number, until: number): string {
  const inProject = project === allProjects ? [] : [isInProject(project)];
  const [first, end] = [from, until].map((ms) => quote(new Date(ms).toISOString()));
  const ended = ["ExecutionStatus != 'Running'", `CloseTime >= ${first}`, `CloseTime < ${end}`];
  return callsQuery(...inProject, ...ended);
}

/** Returns the query for all runs of a call that have ended. There is more than one if somebody has reset it. */
export function endedRunsOfCallQuery(callId: string): string {
  return `${endedAmongQuery([callId])} AND WorkflowType = 'agentCall'`;
}

/** Returns the query for the project's sessions that exist for their users. */
export function runningSessionsQuery(project: string): string {
  const running = "WorkflowType = 'session' AND ExecutionStatus = 'Running'";
  return project === allProjects
    ? running
    : `${running} AND WorkflowId STARTS_WITH ${quote(sessionWorkflowId(sessionIn(project, '')))}`;
}

/** Returns the query for sessions that a removal or a cleanup has closed, and that are not deleted yet. */
export function closedSessionsQuery(): string {
  return "WorkflowType = 'session' AND ExecutionStatus = 'Completed'";
}

/**
 * Returns the query for the ended runs of one session. If its id contains characters that no filter can compare
 * (domain/searchable.ts), the query finds other sessions too, so the caller must compare the ids.
 */
export function endedRunsOfSessionQuery(sessionId: string): string {
  const ended = "WorkflowType = 'session' AND ExecutionStatus NOT IN ('Running', 'ContinuedAsNew')";
  return `${mayHaveId(sessionWorkflowId(sessionId))} AND ${ended}`;
}

/** Returns the query for the project's batches of reruns, running or ended. */
export function batchesQuery(project: string): string {
  const batches = `WorkflowType = ${quote(batchType)}`;
  return project === allProjects ? batches : `${batches} AND ${isInProject(project)}`;
}

/** Returns the query for the project's batches of reruns that run. */
export function runningBatchesQuery(project: string): string {
  return `${batchesQuery(project)} AND ExecutionStatus = 'Running'`;
}

/** Returns the query for running workflows that are pinned to this version of the workers (ADR 0012). */
export function pinnedQuery(deploymentName: string, buildId: string): string {
  const version = JSON.stringify(`${deploymentName}:${buildId}`);
  return `TemporalWorkerDeploymentVersion = ${version} AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'`;
}

/** Returns a condition that the workflow id meets: equality if a filter can express it, otherwise a prefix. */
function mayHaveId(workflowId: string): string {
  const [comparable = ''] = /^[^"'\\?]*/.exec(workflowId) ?? [];
  return comparable === workflowId
    ? `WorkflowId = ${quote(workflowId)}`
    : `WorkflowId STARTS_WITH ${quote(comparable)}`;
}
