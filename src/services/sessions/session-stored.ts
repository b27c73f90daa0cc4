/** Says whether a session has, or will have, the turn of a call that has ended. One RPC, which needs no worker. */
import proto from '@temporalio/proto';
import { sessionWorkflowId } from '../../domain/ids.ts';
import { decodePayload } from '../../temporal-sdk/payloads.ts';
import { optionalTsToMs } from '../../temporal-sdk/timestamps.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

const { WORKFLOW_EXECUTION_STATUS_RUNNING, WORKFLOW_EXECUTION_STATUS_PAUSED } =
  proto.temporal.api.enums.v1.WorkflowExecutionStatus;

/** The newest run of a session. */
export interface SessionRun {
  readonly runId: string;
  readonly historyLength: number;
  readonly life: string | undefined;
  /** When the run began (epoch ms, Temporal's clock). */
  readonly startedAt: number;
  /** When the session was closed. Absent while it runs. */
  readonly closedAt?: number;
}

/** Describes the session. Undefined if Temporal does not have it. Throws the refusal `temporal_unavailable`. */
export async function describeSession(
  temporal: Temporal,
  sessionId: string,
): Promise<SessionRun | undefined> {
  const { client, namespace } = temporal;
  const execution = { workflowId: sessionWorkflowId(sessionId) };
  try {
    // The plain RPC is cheaper than `handle.describe()`, which decodes its whole answer.
    const { workflowExecutionInfo: info } = await rpc(temporal, rpcTimeoutMs.read, () =>
      client.workflowService.describeWorkflowExecution({ namespace, execution }),
    );
    const runs =
      info?.status === WORKFLOW_EXECUTION_STATUS_RUNNING || info?.status === WORKFLOW_EXECUTION_STATUS_PAUSED;
    const life = info?.memo?.fields?.['life'];
    return {
      runId: info?.execution?.runId ?? '',
      historyLength: Number(info?.historyLength ?? 0),
      life: life && decodePayload<string>(life),
      startedAt: optionalTsToMs(info?.startTime) ?? Infinity,
      ...(!runs && { closedAt: optionalTsToMs(info?.closeTime) ?? 0 }),
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Whether the session stores the turn of a call of this life that ended at `endedAt` (epoch ms). True: the ending is in the
 * session, or will be taken over before any later turn or read. False: the session was removed before the call ended. Undefined
 * if that is not known any more, because Temporal has deleted the session, and the next one, if any, began after the call's end.
 */
export function isStoredBy(
  session: SessionRun | undefined,
  { life, endedAt }: { readonly life: string | undefined; readonly endedAt: number },
): boolean | undefined {
  if (!session) return undefined;
  if (session.life !== life) return session.startedAt <= endedAt ? false : undefined;
  return session.closedAt === undefined || session.closedAt >= endedAt;
}
