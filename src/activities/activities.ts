import { createCallAgent, type CallAgentActivity, type CallAgentDependencies } from './call-agent.ts';
import type { BatchActivities } from './batches.ts';
import type { TurnActivities } from './turns.ts';

export type Activities = CallAgentActivity & TurnActivities & BatchActivities;

/** Everything the worker registers. `turns` and `batches` are implemented by the client layer. */
export function createActivities(
  dependencies: CallAgentDependencies & { turns: TurnActivities; batches: BatchActivities },
): Activities {
  return { ...createCallAgent(dependencies), ...dependencies.turns, ...dependencies.batches };
}
