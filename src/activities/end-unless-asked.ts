import { CancelledFailure } from '@temporalio/common';
import type { Exchanges } from './exchanges.ts';

export interface EndUnlessAskedActivity {
  /**
   * Of a cancelled call: whether its agent was asked. If it waits for a slot it never will be. What another process has
   * open is not known here, and counts as asked.
   */
  endUnlessAsked(request: { readonly callId: string; readonly agent: string }): Promise<boolean>;
}

export function createEndUnlessAsked(exchanges: Exchanges): EndUnlessAskedActivity {
  return {
    endUnlessAsked: (request) =>
      Promise.resolve(exchanges.endUnlessAsked(request, new CancelledFailure('The call was cancelled'))),
  };
}
