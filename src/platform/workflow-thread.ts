/** The thread that runs workflow code: the SDK's, but for the hook that keeps a call stack of every promise. */
import { globalHandlers, runWorkflowThread } from '../temporal-sdk/workflow-thread.ts';

Object.defineProperty(globalHandlers, 'setPromiseHook', { value: () => undefined });
await runWorkflowThread();
