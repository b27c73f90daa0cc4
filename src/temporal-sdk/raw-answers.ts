/** What the SDK's client makes of raw gRPC answers and errors, for those that call `workflowService` themselves. */
export { executionInfoFromRaw, rethrowKnownErrorTypes } from '@temporalio/client/lib/helpers.js';
