import type { AskDependencies } from './ask.ts';
import { createAwaitResume, type AwaitResumeActivity } from './await-resume.ts';
import { createCallAgent, type CallAgentActivity } from './call-agent.ts';
import type { CallbackActivities, DeliveryActivities } from './deliveries.ts';
import type { BatchActivities } from './batches.ts';
import { createEndUnlessAsked, type EndUnlessAskedActivity } from './end-unless-asked.ts';
import type { EndingActivities } from './endings.ts';
import type { FirstTries, FirstTryActivity } from './first-try.ts';
import type { TurnActivities } from './turn-activities.ts';

export type Activities = CallAgentActivity &
  AwaitResumeActivity &
  EndUnlessAskedActivity &
  FirstTryActivity &
  TurnActivities &
  BatchActivities &
  EndingActivities &
  DeliveryActivities &
  CallbackActivities;

/**
 * All activities that a worker registers. The implementations of `turns`, `batches`, `feed` and `webhooks` are in src/services.
 */
export function createActivities(
  dependencies: AskDependencies & {
    /** How many calls may wait for paused agents in this process. */
    maxWaiting: number;
    firstTries: FirstTries;
    turns: TurnActivities;
    batches: BatchActivities;
    feed: EndingActivities;
    webhooks: DeliveryActivities & CallbackActivities;
  },
): Activities {
  const { firstTries, turns, batches, feed, webhooks } = dependencies;
  return {
    ...createCallAgent(dependencies),
    ...createAwaitResume(dependencies),
    ...createEndUnlessAsked(dependencies.agentRequests),
    firstTry: firstTries.firstTry,
    ...turns,
    ...batches,
    ...feed,
    ...webhooks,
  };
}
