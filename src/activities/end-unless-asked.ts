import { CancelledFailure } from '@temporalio/common';
import type { AgentRequests } from './agent-requests.ts';
import { thisRunId } from './this-run-id.ts';

export interface EndUnlessAskedActivity {
  /**
   * Called for a cancelled call. Resolves to whether the agent was asked. Ends a request that still waits for a slot, so that
   * it is never sent. Requests of other processes are unknown to this one and count as asked.
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
