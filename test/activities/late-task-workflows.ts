import { proxyActivities } from '@temporalio/workflow';
import type { AskRequest, CallAgentActivity } from '../../src/activities/call-agent.ts';

/** One ask that is not tried again, with the shortest heartbeat timeout that a beat keeps. */
export async function asksOnce(request: AskRequest): Promise<void> {
  const { callAgent } = proxyActivities<CallAgentActivity>({
    scheduleToCloseTimeout: '1 minute',
    heartbeatTimeout: '1 s',
    retry: { maximumAttempts: 1 },
  });
  await callAgent(request);
}
