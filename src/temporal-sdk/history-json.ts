/** Converts histories from and to the JSON that the Web UI's import, the `temporal` CLI and `runReplayHistory` read. */
export { historyFromJSON, historyToJSON, type History } from '@temporalio/common/lib/proto-utils.js';
