import { callIdOf, isCallWorkflow, isSessionWorkflow, sessionIdOf } from './ids.ts';
import { ownSessionId, projectOf } from './project.ts';

/** The fields that a log line about a call has, as far as they are known where it is written. */
export interface CallFields {
  readonly callId: string;
  readonly project: string;
  /** The session's id as its users know it. */
  readonly sessionId?: string;
  readonly agent?: string;
}

export function callFields(
  callId: string,
  { sessionId, agent }: { readonly sessionId?: string | undefined; readonly agent?: string | undefined } = {},
): CallFields {
  return {
    callId,
    project: projectOf(callId),
    ...(sessionId !== undefined && { sessionId: ownSessionId(sessionId) }),
    ...(agent !== undefined && { agent }),
  };
}

/** Returns the fields for a line of the Temporal SDK about this workflow; undefined if it is about no call. */
export function workflowCallFields(workflowId: unknown, callId: unknown): CallFields | undefined {
  if (typeof workflowId !== 'string') return undefined;
  if (isCallWorkflow(workflowId)) return callFields(callIdOf(workflowId));
  if (typeof callId !== 'string') return undefined;
  return callFields(callId, {
    sessionId: isSessionWorkflow(workflowId) ? sessionIdOf(workflowId) : undefined,
  });
}
