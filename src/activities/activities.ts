import { createCallAgent, type CallAgentActivity, type CallAgentDependencies } from './call-agent.ts';
import type { TurnActivities } from './turns.ts';

export type Activities = CallAgentActivity & TurnActivities;

/** Everything the worker registers. `turns` is implemented by the client layer. */
export function createActivities(
  dependencies: CallAgentDependencies & { turns: TurnActivities },
): Activities {
  return { ...createCallAgent(dependencies), ...dependencies.turns };
}
