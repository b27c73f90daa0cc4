/** The thread that runs workflow code: the SDK's, but for the hook that keeps a call stack of every promise. */
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

Object.defineProperty(globalHandlers, 'setPromiseHook', { value: () => undefined });
await import('@temporalio/worker/lib/workflow/workflow-worker-thread.js');
