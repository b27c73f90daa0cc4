/** Reads every history of the run: extracts the facts from it, searches it for secrets (I5) and replays it (I8). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { historyToJSON } from '../../src/temporal-sdk/history-json.ts';
import { Worker } from '@temporalio/worker';
import { isNotFound } from '../../src/services/temporal/rpc.ts';
import { callIdOf, sessionIdOf } from '../../src/domain/ids.ts';
import type { TextStore } from '../../src/payloads/text-store.ts';
import { createLog } from '../../src/platform/logging.ts';
import { workflowBundlePath } from '../../src/platform/paths.ts';
import { installRuntime } from '../../src/platform/temporal-connection.ts';
import type { Secrets } from '../secrets.ts';
import type { CallFacts, SessionFacts } from './evidence.ts';
import { callFactsOf, endingsTakenIn, startOf, turnsAskedIn, type History } from './history-facts.ts';

/** The result of reading all histories. `calls` is by call id, `sessionFacts` by session id. */
export interface HistoriesRead {
  readonly calls: Map<string, CallFacts>;
  readonly sessionFacts: Map<string, SessionFacts>;
  readonly count: number;
  readonly withSecrets: string[];
  readonly notReplayed: string[];
}

export class Histories {
  private readonly client: Client;
  private readonly secrets: Secrets;
  private readonly folder: string;
  private readonly texts: TextStore;
  private readonly calls = new Map<string, CallFacts>();
  private readonly sessionFacts = new Map<string, SessionFacts>();
  private readonly withSecrets: string[] = [];
  private readonly notReplayed: string[] = [];

  /** `keep` writes histories that are evidence into `folder`. `texts` is the run's payload store. */
  constructor(
    client: Client,
    { secrets, folder, texts }: { secrets: Secrets; folder: string; texts: TextStore },
  ) {
    this.client = client;
    this.secrets = secrets;
    this.folder = folder;
    this.texts = texts;
  }

  /** Reads and replays every history in the namespace. */
  async read(): Promise<HistoriesRead> {
    installRuntime(createLog('silent'));
    let count = 0;
    const options = { workflowBundle: { codePath: workflowBundlePath } };
    for await (const { workflowId, error } of Worker.runReplayHistories(options, this.all())) {
      count += 1;
      if (!error) continue;
      this.notReplayed.push(`${workflowId}: ${error.message}`);
      await this.keep(workflowId);
    }
    const { calls, sessionFacts, withSecrets, notReplayed } = this;
    return { calls, sessionFacts, count, withSecrets, notReplayed };
  }

  /** Writes a history into the folder, as JSON that the Web UI and `Worker.runReplayHistory` can read. */
  async keep(workflowId: string): Promise<void> {
    const history = await this.client.workflow.getHandle(workflowId).fetchHistory();
    await writeFile(join(this.folder, `${encodeURIComponent(workflowId)}.json`), historyToJSON(history));
  }

  private async *all(): AsyncGenerator<{ workflowId: string; history: History }> {
    for await (const execution of this.client.workflow.list()) {
      const { workflowId, runId } = execution;
      try {
        const history = await this.client.workflow.getHandle(workflowId, runId).fetchHistory();
        await this.inspect(execution, history);
        yield { workflowId, history };
      } catch (error) {
        if (!isNotFound(error)) throw error; // The load deleted it; the list is not up to date yet.
      }
    }
  }

  private async inspect({ workflowId, runId, type }: WorkflowExecutionInfo, history: History): Promise<void> {
    for (const name of this.secrets.foundIn(historyToJSON(history)))
      this.withSecrets.push(`The history of ${workflowId} holds ${name}`);
    if (type === 'agentCall') {
      const ids = { callId: callIdOf(workflowId), runId };
      const facts = await callFactsOf(ids, history, (text) => this.texts.load(text));
      const other = this.calls.get(facts.callId);
      this.calls.set(facts.callId, other ? bothRuns(other, facts) : facts);
    }
    if (type === 'session') {
      const id = sessionIdOf(workflowId);
      const { runs = [], turnsAsked = [], endingsTaken = [] } = this.sessionFacts.get(id) ?? {};
      this.sessionFacts.set(id, {
        runs: [...runs, { runId, startedAt: startOf(history) }],
        turnsAsked: [...turnsAsked, ...turnsAskedIn(history)],
        endingsTaken: [...endingsTaken, ...endingsTakenIn(history)],
      });
    }
  }
}

function bothRuns(other: CallFacts, facts: CallFacts): CallFacts {
  return {
    ...facts,
    runIds: [...other.runIds, ...facts.runIds],
    runs: other.runs + 1,
    endings: other.endings + facts.endings,
  };
}
