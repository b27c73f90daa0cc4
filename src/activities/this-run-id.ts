import { Context } from '@temporalio/activity';

/** Returns the id of the workflow run that scheduled the current activity. */
export function thisRunId(): string {
  return Context.current().info.workflowExecution?.runId ?? '';
}
