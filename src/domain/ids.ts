/**
 * Builders of every Temporal id, and of the idempotency key that agents get. Only this file knows their form. Hashed ids are
 * made in hashed-ids.ts, keys of data in memory in cache-keys.ts.
 */
import { defaultProject, partsOfSession, sessionIn } from './project.ts';

export const accessDirectoryId = 'access-directory';
export const agentDirectoryId = 'agent-directory';
export const agentHealthId = 'agent-health';
export const alertBookId = 'alert-book';
export const clusterTermsId = 'cluster-terms';
export const endingsId = 'endings-feed';
export const keyUsageId = 'key-usage';
export const webhookDirectoryId = 'webhook-directory';

const callPrefix = 'call-';
const sessionPrefix = 'session-';
const batchPrefix = 'rerun-batch-';

export const callWorkflowId = (callId: string): string => callPrefix + callId;
/** Sessions outside `default` have a prefix of their own, so that a list filter finds those of one project. */
export function sessionWorkflowId(sessionId: string): string {
  const { project, own } = partsOfSession(sessionId);
  return project === defaultProject ? sessionPrefix + own : sessionsPrefixOf(project) + own;
}
/** The beginning of the workflow ids of a project's sessions, outside `default`. */
export const sessionsPrefixOf = (project: string): string => `session@${project}/`;

export const deliveryWorkflowId = (webhookId: string): string => `webhook-${webhookId}`;
export const callbackWorkflowId = (runId: string): string => `callback-${runId}`;
export const batchWorkflowId = (batchId: string): string => batchPrefix + batchId;

export const isCallWorkflow = (workflowId: string): boolean => workflowId.startsWith(callPrefix);
export const isSessionWorkflow = (workflowId: string): boolean => /^session[-@]/.test(workflowId);
export const callIdOf = (workflowId: string): string => workflowId.slice(callPrefix.length);
export function sessionIdOf(workflowId: string): string {
  const [all = '', project] = /^session@([a-z0-9-]+)\//.exec(workflowId) ?? [];
  return project === undefined
    ? workflowId.slice(sessionPrefix.length)
    : sessionIn(project, workflowId.slice(all.length));
}
export const batchIdOf = (workflowId: string): string => workflowId.slice(batchPrefix.length);

/** Returns the call id for user input, which may be the call id or the id of its workflow. */
export const callIdFrom = (given: string): string => (given.startsWith(callPrefix) ? callIdOf(given) : given);
/** Returns the batch id for user input, which may be the batch id or the id of its workflow. */
export const batchIdFrom = (given: string): string =>
  given.startsWith(batchPrefix) ? batchIdOf(given) : given;

/** Prefixes an id that begins with `-` or `_` with a letter, because a command line would read `-...` as an option. */
export const plainStart = (id: string): string => (/^[-_]/.test(id) ? `x${id}` : id);

/** The `Idempotency-Key` that an agent gets: the same for every try of one agent in one call (I3). */
export const agentIdempotencyKey = (callId: string, agent: string): string =>
  `${encodeURIComponent(callId)}/${encodeURIComponent(agent)}`;
