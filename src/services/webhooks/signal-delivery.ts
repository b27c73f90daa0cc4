/** Signals the workflow that delivers the events of a webhook, and starts it if it does not run. */
import type { SignalDefinition } from '@temporalio/common';
import { deliveryWorkflowId } from '../../domain/ids.ts';
import type { webhookDelivery } from '../../workflows/webhook-delivery.ts';
import { rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from '../temporal/rpc.ts';

/** Throws the refusal `temporal_unavailable`. */
export async function signalDelivery<Args extends unknown[]>(
  temporal: Temporal,
  id: string,
  signal: SignalDefinition<Args>,
  signalArgs: Args,
): Promise<void> {
  const { client, taskQueue } = temporal;
  await rpc(temporal, rpcTimeoutMs.write, () =>
    client.workflow.signalWithStart<typeof webhookDelivery, unknown[]>(
      'webhookDelivery' satisfies typeof webhookDelivery.name,
      {
        workflowId: deliveryWorkflowId(id),
        taskQueue,
        args: [{ id, jobs: [] }],
        signal: signal.name,
        signalArgs,
        workflowTaskTimeout,
        staticSummary: 'The deliveries of one webhook',
      },
    ),
  );
}
