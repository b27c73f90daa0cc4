import type { AskDependencies } from './ask.ts';
import { createCallAgent, type CallAgentActivity } from './call-agent.ts';
import type { BatchActivities } from './batches.ts';
import { createEndUnlessAsked, type EndUnlessAskedActivity } from './end-unless-asked.ts';
import type { FirstTries, FirstTryActivity } from './first-try.ts';
import type { TurnActivities } from './turn-activities.ts';

export type Activities = CallAgentActivity &
  EndUnlessAskedActivity &
  FirstTryActivity &
  TurnActivities &
  BatchActivities;

/** All activities that a worker registers. The implementations of `turns` and `batches` are in src/services. */
export function createActivities(
  dependencies: AskDependencies & {
    firstTries: FirstTries;
    turns: TurnActivities;
    batches: BatchActivities;
  },
): Activities {
  const { firstTries, turns, batches } = dependencies;
  return {
    ...createCallAgent(dependencies),
    ...createEndUnlessAsked(dependencies.agentRequests),
    firstTry: firstTries.firstTry,
    ...turns,
    ...batches,
  };
}
