/** Histories as the JSON that the Web UI's import, the `temporal` CLI and `Worker.runReplayHistory` read. */
export { historyFromJSON, historyToJSON, type History } from '@temporalio/common/lib/proto-utils.js';
