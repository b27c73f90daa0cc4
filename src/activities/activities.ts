import type { AskDependencies } from './ask.ts';
import { createCallAgent, type CallAgentActivity } from './call-agent.ts';
import type { BatchActivities } from './batches.ts';
import type { FirstTries, FirstTryActivity } from './first-try.ts';
import type { TurnActivities } from './turns.ts';

export type Activities = CallAgentActivity & FirstTryActivity & TurnActivities & BatchActivities;

/** Everything the worker registers. `turns` and `batches` are implemented by the client layer. */
export function createActivities(
  dependencies: AskDependencies & {
    firstTries: FirstTries;
    turns: TurnActivities;
    batches: BatchActivities;
  },
): Activities {
  const { firstTries, turns, batches } = dependencies;
  return { ...createCallAgent(dependencies), firstTry: firstTries.firstTry, ...turns, ...batches };
}
