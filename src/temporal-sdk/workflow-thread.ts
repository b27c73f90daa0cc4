/** The thread's own side: only a thread may import the module that `runWorkflowThread` imports. */
export { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

/** Makes this thread answer the requests of a worker's `WorkerThreadClient`. */
export async function runWorkflowThread(): Promise<void> {
  await import('@temporalio/worker/lib/workflow/workflow-worker-thread.js');
}
