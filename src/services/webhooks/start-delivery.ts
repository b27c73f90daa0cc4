/** Signals and updates of the workflow that delivers the events of a webhook. They start it if it does not run. */
import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { SignalDefinition } from '@temporalio/common';
import type { Redelivery } from '../../activities/deliveries.ts';
import { deliveryWorkflowId } from '../../domain/ids.ts';
import { addJobUpdate } from '../../workflows/messages.ts';
import type { webhookDelivery } from '../../workflows/webhook-delivery.ts';
import { sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from '../temporal/rpc.ts';

const workflowType = 'webhookDelivery' satisfies typeof webhookDelivery.name;

/** Throws the refusal `temporal_unavailable`. */
export async function signalDelivery<Args extends unknown[]>(
  temporal: Temporal,
  id: string,
  signal: SignalDefinition<Args>,
  signalArgs: Args,
): Promise<void> {
  await rpc(temporal, rpcTimeoutMs.write, () =>
    temporal.client.workflow.signalWithStart<typeof webhookDelivery, unknown[]>(workflowType, {
      ...startOf(temporal, id),
      signal: signal.name,
      signalArgs,
    }),
  );
}

/** Throws the refusals `temporal_unavailable` and `redeliveries_full`. */
export async function addDeliveryJob(
  { temporal, updateLimit }: { readonly temporal: Temporal; readonly updateLimit: EntityUpdateLimit },
  id: string,
  job: Redelivery,
): Promise<void> {
  const updateId = randomUUID();
  const start = { ...startOf(temporal, id), workflowIdConflictPolicy: 'USE_EXISTING' } as const;
  await updateLimit.run(start.workflowId, () =>
    rpc(temporal, rpcTimeoutMs.write, () =>
      sendUpdate(() =>
        temporal.client.workflow.executeUpdateWithStart(addJobUpdate, {
          args: [{ ...job, id: updateId }],
          updateId,
          startWorkflowOperation: new WithStartWorkflowOperation<typeof webhookDelivery>(workflowType, start),
        }),
      ),
    ),
  );
}

function startOf({ taskQueue }: Temporal, id: string) {
  const args: Parameters<typeof webhookDelivery> = [{ id, jobs: [] }];
  const staticSummary = 'The deliveries of one webhook';
  return { workflowId: deliveryWorkflowId(id), taskQueue, args, workflowTaskTimeout, staticSummary };
}
