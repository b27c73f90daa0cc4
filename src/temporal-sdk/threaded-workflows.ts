/** The SDK's classes for the main thread, through which it drives the thread that runs workflow code. */
export {
  ThreadedVMWorkflowCreator,
  WorkerThreadClient,
} from '@temporalio/worker/lib/workflow/threaded-vm.js';
