import type { Ending } from '../../domain/ending.ts';
import { callbackWorkflowId } from '../../domain/ids.ts';
import type { callbackDelivery } from '../../workflows/callback-delivery.ts';
import { rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from '../temporal/rpc.ts';

/**
 * Starts the delivery of how a call ended to its `callback_url`. Throws `WorkflowExecutionAlreadyStartedError` if it was started
 * before, unless `again` is set and it is over; and the refusal `temporal_unavailable`.
 */
export async function startCallback(
  temporal: Temporal,
  ending: Ending,
  retryMs: number,
  { again = false }: { readonly again?: boolean } = {},
): Promise<void> {
  await rpc(temporal, rpcTimeoutMs.write, () =>
    temporal.client.workflow.start('callbackDelivery' satisfies typeof callbackDelivery.name, {
      workflowId: callbackWorkflowId(ending.runId),
      taskQueue: temporal.taskQueue,
      args: [ending, retryMs],
      workflowIdReusePolicy: again ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      workflowTaskTimeout,
      staticSummary: `The callback of ${ending.callId}`,
    }),
  );
}
