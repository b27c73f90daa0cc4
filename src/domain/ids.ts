/**
 * Builders of every Temporal id, and of the agents' key: the only place where their form is known. Ids that are hashed are
 * made in hashed-ids.ts, keys of what is kept in memory in keys.ts.
 */

export const agentDirectoryId = 'agent-directory';
export const agentHealthId = 'agent-health';
export const clusterTermsId = 'cluster-terms';

const callPrefix = 'call-';
const sessionPrefix = 'session-';
const batchPrefix = 'rerun-batch-';

export const callWorkflowId = (callId: string): string => callPrefix + callId;
export const sessionWorkflowId = (sessionId: string): string => sessionPrefix + sessionId;

export const batchWorkflowId = (batchId: string): string => batchPrefix + batchId;

export const callIdOf = (workflowId: string): string => workflowId.slice(callPrefix.length);
export const sessionIdOf = (workflowId: string): string => workflowId.slice(sessionPrefix.length);
export const batchIdOf = (workflowId: string): string => workflowId.slice(batchPrefix.length);

/** A call's id as users name it: as it is, or as Temporal names its workflow. */
export const callIdFrom = (given: string): string => (given.startsWith(callPrefix) ? callIdOf(given) : given);
/** The same of a batch. */
export const batchIdFrom = (given: string): string =>
  given.startsWith(batchPrefix) ? batchIdOf(given) : given;

/** A command line takes a word that begins with `-` for an option: an id that would gets a letter in front. */
export const plainStart = (id: string): string => (/^[-_]/.test(id) ? `x${id}` : id);

/** The agents' dedupe key: the same for every try of one agent in one call (I3). */
export const agentIdempotencyKey = (callId: string, agent: string): string =>
  `${encodeURIComponent(callId)}/${encodeURIComponent(agent)}`;
