import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type temporalProto from '@temporalio/proto';
import { isNotFound } from '../../src/services/temporal/rpc.ts';
import { historyToJSON } from '../../src/temporal-sdk/history-json.ts';
import { createLog } from '../../src/platform/logging.ts';
import { workflowBundlePath } from '../../src/platform/paths.ts';
import { installRuntime } from '../../src/platform/temporal-connection.ts';

installRuntime(createLog('silent'), { metrics: true });

type History = temporalProto.temporal.api.history.v1.IHistory;

/**
 * Replays the history of every workflow in the namespace. Throws for the first one that does not replay (I8), and saves its
 * history in a file that the error names.
 */
export async function replayAll(client: Client): Promise<number> {
  let replayed = 0;
  const results = Worker.runReplayHistories(
    { workflowBundle: { codePath: workflowBundlePath } },
    histories(client),
  );
  for await (const { workflowId, runId, error } of results) {
    if (error) {
      const path = join(tmpdir(), `does-not-replay-${runId}.json`);
      await writeFile(path, historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory()));
      throw new Error(`${workflowId} does not replay; its history is in ${path}`, { cause: error });
    }
    replayed += 1;
  }
  return replayed;
}

async function* histories(client: Client): AsyncGenerator<{ workflowId: string; history: History }> {
  for await (const { workflowId, runId } of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflowId, runId);
    try {
      yield { workflowId, history: await handle.fetchHistory() };
    } catch (error) {
      // The test deleted it; the list is not up to date yet.
      if (!isNotFound(error)) throw error;
    }
  }
}
