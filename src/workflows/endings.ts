/**
 * The feed of endings: keeps one activity of the cluster reading how calls end. Temporal hands it to another worker if its worker
 * dies. All that the feed has read is in the payload store (ADR 0040).
 */
import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { EndingActivities, FeedStart } from '../activities/endings.ts';

// A dead reader is replaced after the heartbeat timeout.
const { readEndings } = proxyActivities<EndingActivities>({
  startToCloseTimeout: '90 min',
  heartbeatTimeout: '10 s',
  retry: { initialInterval: '1 s', maximumInterval: '15 s' },
});

/** Without `start`, it begins with the calls that end from now on. */
export async function endings(start?: FeedStart): Promise<void> {
  const since = start?.since ?? workflowInfo().startTime.getTime();
  let position = start?.position ?? { segment: 0, listedAt: 0, steadySince: 0 };
  while (!workflowInfo().continueAsNewSuggested) position = await readEndings({ since, position });
  await continueAsNew<typeof endings>({ since, position });
}
