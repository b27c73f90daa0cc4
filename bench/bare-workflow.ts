import { proxyActivities } from '@temporalio/workflow';
import type { AskActivity } from './ask-activity.ts';

const { ask } = proxyActivities<AskActivity>({ startToCloseTimeout: '30 s' });

/** One bare activity: the least that makes a question to an agent durable. */
export async function bare(agentUrl: string): Promise<string> {
  return ask(agentUrl);
}
