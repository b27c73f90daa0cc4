import { Context } from '@temporalio/activity';

/** Id of the workflow run that scheduled the activity that runs here. */
export function thisRunId(): string {
  return Context.current().info.workflowExecution?.runId ?? '';
}
