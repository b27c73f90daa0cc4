/** Converts raw gRPC answers and errors as the SDK's client does, for code that calls `workflowService` directly. */
export { executionInfoFromRaw, rethrowKnownErrorTypes } from '@temporalio/client/lib/helpers.js';
