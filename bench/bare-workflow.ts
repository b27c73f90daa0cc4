import {
  condition,
  continueAsNew,
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { AskActivity } from './ask-activity.ts';

const timeout = { startToCloseTimeout: '1 hour' } as const;
const regular = proxyActivities<AskActivity>(timeout);
const local = proxyLocalActivities<AskActivity>(timeout);

/** One bare activity: the minimum that makes a request to an agent durable, however long the agent takes. */
export async function bare(agentUrl: string): Promise<string> {
  return regular.ask(agentUrl);
}

/** The absolute minimum: a local activity asks the agent within the first workflow task. */
export async function bareLocal(agentUrl: string): Promise<string> {
  return local.ask(agentUrl);
}

export const countUpdate = defineUpdate<number>('count');

/** An entity that takes updates, and continues as new after as many events as a session. */
export async function bareEntity(count = 0): Promise<void> {
  setHandler(countUpdate, () => (count += 1));
  await condition(() => workflowInfo().historyLength >= 150);
  await continueAsNew<typeof bareEntity>(count);
}
