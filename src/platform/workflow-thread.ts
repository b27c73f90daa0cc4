/** The thread that runs workflow code: the SDK's thread without the hook that records a call stack for every promise. */
import { globalHandlers, runWorkflowThread } from '../temporal-sdk/workflow-thread.ts';

Object.defineProperty(globalHandlers, 'setPromiseHook', { value: () => undefined });
await runWorkflowThread();
