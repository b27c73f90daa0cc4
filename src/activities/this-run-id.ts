import { Context } from '@temporalio/activity';

/** Id of the workflow run that scheduled the current activity. */
export function thisRunId(): string {
  return Context.current().info.workflowExecution?.runId ?? '';
}
