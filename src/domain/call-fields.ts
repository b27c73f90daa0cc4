import { callIdOf, isCallWorkflow, isSessionWorkflow, sessionIdOf } from './ids.ts';
import { ownSessionId, projectOf } from './project.ts';
import { partsOf, type TraceContext } from './trace-context.ts';

/** The fields that a log line about a call has, as far as they are known where it is written. */
export interface CallFields {
  readonly callId: string;
  readonly project: string;
  /** The session's id as its users know it. */
  readonly sessionId?: string;
  readonly agent?: string;
  /** The id of the trace that the call belongs to. */
  readonly traceId?: string;
}

interface KnownOfCall {
  /** Inside Holdfast, i.e. with its project. */
  readonly sessionId?: string | undefined;
  readonly agent?: string | undefined;
  readonly trace?: TraceContext | undefined;
}

export function callFields(callId: string, { sessionId, agent, trace }: KnownOfCall = {}): CallFields {
  return {
    callId,
    project: projectOf(callId),
    ...(sessionId !== undefined && { sessionId: ownSessionId(sessionId) }),
    ...(agent !== undefined && { agent }),
    ...(trace && { traceId: partsOf(trace).traceId }),
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
