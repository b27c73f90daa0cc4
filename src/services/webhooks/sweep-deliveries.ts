import type { DeliveryFiles } from './delivery-files.ts';
import type { WebhookDirectory } from './webhook-directory.ts';

/**
 * Deletes what is kept of deliveries from before `beforeMs` (epoch ms), and what removed webhooks have left. Only a directory
 * that runs says which those are: without one, nothing is deleted. Throws the refusal `temporal_unavailable`, and
 * `PayloadStoreError`.
 */
export async function sweepDeliveries(
  directory: Pick<WebhookDirectory, 'read'>,
  files: Pick<DeliveryFiles, 'sweep'>,
  beforeMs: number,
): Promise<void> {
  const read = await directory.read();
  if (read.state !== 'running') return;
  await files.sweep(new Set(read.webhooks.map(({ id }) => id)), beforeMs);
}
