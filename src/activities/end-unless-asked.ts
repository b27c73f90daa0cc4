import { CancelledFailure } from '@temporalio/common';
import type { AgentRequests } from './agent-requests.ts';
import { thisRunId } from './this-run-id.ts';

export interface EndUnlessAskedActivity {
  /**
   * For a cancelled call: resolves to whether the agent was asked. A request that still waits for a slot is ended, so that it
   * is never sent. Requests of other processes are unknown here and count as asked.
   */
  endUnlessAsked(request: { readonly callId: string; readonly agent: string }): Promise<boolean>;
}

export function createEndUnlessAsked(requests: AgentRequests): EndUnlessAskedActivity {
  return {
    endUnlessAsked: (request) => {
      const asking = { ...request, runId: thisRunId() };
      return Promise.resolve(requests.endUnlessAsked(asking, new CancelledFailure('The call was cancelled')));
    },
  };
}
