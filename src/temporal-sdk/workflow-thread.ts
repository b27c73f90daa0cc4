/** The SDK's code for the thread that runs workflow code. Only a worker thread may import the module that this file loads. */
export { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

/** Makes this thread answer the requests of a worker's `WorkerThreadClient`. */
export async function runWorkflowThread(): Promise<void> {
  await import('@temporalio/worker/lib/workflow/workflow-worker-thread.js');
}
