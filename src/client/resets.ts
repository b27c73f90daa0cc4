/** Resets a call that ended by a fault of ours to its last good point: a second run of the same workflow. */
import proto from '@temporalio/proto';
import { Refusal } from '../domain/failures.ts';
import { callWorkflowId } from '../domain/ids.ts';
import { describeExecution, findCall } from './call-execution.ts';
import type { CallRecords } from './call-records.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import { hashed } from './hashed-id.ts';
import { resetPoint } from './reset-point.ts';
import { rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';

const { ResetReapplyExcludeType } = proto.temporal.api.enums.v1;

export interface ResetDependencies {
  readonly temporal: Temporal;
  readonly records: CallRecords;
  readonly inFlight: CallsInFlight;
}

export interface Reset {
  readonly runId: string;
  readonly toEventId: number;
}

/** Of the same ended run there is one reset, however often it is asked for. Throws `Refusal`. */
export async function resetCall(deps: ResetDependencies, callId: string): Promise<Reset> {
  const { temporal, records, inFlight } = deps;
  const { runId, status } = await describeExecution(temporal, callId);
  if (status.name === 'RUNNING') throw refused('it runs; cancel it first, or wait for its end');
  const input = await records.input(callId);
  if (input.turn?.state === 'queued')
    throw refused("it had to wait for its session's turn, and a reset owns no turn; run it again instead");
  await refuseIfRerun(deps, callId);
  const handle = temporal.client.workflow.getHandle(callWorkflowId(callId), runId);
  const { events } = await findCall(temporal, callId, () => handle.fetchHistory());
  const toEventId = resetPoint(events ?? []);
  if (typeof toEventId !== 'number') throw refused(toEventId.refusal);
  const { runId: newRunId } = await rpc(temporal, rpcTimeoutMs.write, () =>
    temporal.client.workflowService.resetWorkflowExecution({
      namespace: temporal.namespace,
      workflowExecution: { workflowId: callWorkflowId(callId), runId },
      workflowTaskFinishEventId: toEventId as never,
      reason: 'Reset by the API of Holdfast',
      requestId: hashed(['reset', callId, runId]),
      // Wake-ups and cancellations of the run that failed are not for this one.
      resetReapplyExcludeTypes: [
        ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
        ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_CANCEL_REQUEST,
      ],
    }),
  );
  inFlight.add(callId, input.agentName, input.deadlineMs + 60_000);
  return { runId: newRunId, toEventId };
}

/** As visibility knows them; what is newer the session keeps apart (domain/session-book.ts). */
async function refuseIfRerun({ records }: ResetDependencies, callId: string): Promise<void> {
  for await (const rerun of records.all({ rerunOf: callId })) {
    if (rerun.status === 'running') throw refused(`its rerun ${rerun.callId} runs`);
    if (rerun.status === 'completed') throw refused(`its rerun ${rerun.callId} has answered`);
  }
}

function refused(why: string): Refusal {
  return new Refusal('reset_refused', `The call cannot be reset: ${why}`);
}
