/** Which calls: the same filter for lists, counts, exports and batches, as a query of Temporal's visibility. */
import { searchAttributes } from '../workflows/search-attributes.ts';
import type { CallStatus } from './call-ending.ts';
import { searchable } from './searchable.ts';
import { quote } from './visibility.ts';

export interface CallFilter {
  readonly status?: CallStatus | undefined;
  readonly agent?: string | undefined;
  readonly session?: string | undefined;
  readonly since?: Date | undefined;
}

const temporalStatuses: Record<CallStatus, string> = {
  running: "ExecutionStatus = 'Running'",
  completed: "ExecutionStatus = 'Completed'",
  failed: "ExecutionStatus IN ('Failed', 'TimedOut')",
  cancelled: "ExecutionStatus IN ('Canceled', 'Terminated')",
};

export function listQuery({ status, agent, session, since }: CallFilter): string {
  return [
    "WorkflowType = 'agentCall'",
    status && temporalStatuses[status],
    agent !== undefined && `${searchAttributes.agent.name} = ${quote(searchable(agent))}`,
    session !== undefined && `${searchAttributes.session.name} = ${quote(searchable(session))}`,
    since && `StartTime >= ${quote(since.toISOString())}`,
  ]
    .filter(Boolean)
    .join(' AND ');
}
