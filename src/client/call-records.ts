/** What Temporal keeps of calls: descriptions, lists, start inputs, histories. */
import { executionInfoFromRaw } from '@temporalio/client/lib/helpers.js';
import { defaultPayloadConverter } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { CallInput, CallProgress } from '../domain/call.ts';
import { callIdOf, callWorkflowId } from '../domain/ids.ts';
import type { CallEnding } from './call-ending.ts';
import { describeExecution, findCall, noSuchCall, readProgress } from './call-execution.ts';
import { listQuery, type CallFilter } from './call-filter.ts';
import { summaryOf, type CallSummary } from './call-summary.ts';
import { callOwner, type Texts } from '../payloads/texts.ts';
import { loadText } from './large-texts.ts';
import type { Calls } from './calls.ts';
import { rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';
import { listAll, listPage, type ListedExecution, type Page } from './visibility.ts';

export interface CallDescription extends CallSummary {
  /** Of an ended call. */
  readonly ending?: CallEnding;
  /** Of a running call. */
  readonly progress?: CallProgress;
}

export class CallRecords {
  private readonly temporal: Temporal;
  private readonly calls: Calls;
  private readonly texts: Texts;

  constructor(temporal: Temporal, calls: Calls, texts: Texts) {
    this.temporal = temporal;
    this.calls = calls;
    this.texts = texts;
  }

  /** Throws the refusal `call_not_found`. */
  async describe(callId: string): Promise<CallDescription> {
    const summary = summaryOf(await describeExecution(this.temporal, callId));
    if (summary.status === 'running') {
      const progress = await readProgress(this.temporal, callId);
      return { ...summary, ...(progress && { progress }) };
    }
    const ending = await this.calls.wait(callId, AbortSignal.timeout(rpcTimeoutMs.read));
    return { ...summary, ...(ending && { ending }) };
  }

  async list(
    filter: CallFilter,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<CallSummary>> {
    const { items, ...rest } = await listPage(this.temporal, listQuery(filter), page);
    return { items: await Promise.all(items.map((item) => this.summarise(item))), ...rest };
  }

  /** What the call was started with, the prompt as text. */
  async input(callId: string): Promise<CallInput & { prompt: string }> {
    const input = await this.startInput(callId);
    return { ...input, prompt: await loadText(this.texts, input.prompt) };
  }

  /** What the call was started with: the first event's input. Throws the refusal `call_not_found`. */
  async startInput(callId: string): Promise<CallInput> {
    const { history } = await findCall(this.temporal, callId, () =>
      this.temporal.client.workflowService.getWorkflowExecutionHistory({
        namespace: this.temporal.namespace,
        execution: { workflowId: callWorkflowId(callId) },
        maximumPageSize: 1,
      }),
    );
    const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    if (!payload) throw noSuchCall(callId);
    return defaultPayloadConverter.fromPayload<CallInput>(payload);
  }

  /** The JSON that the Web UI's import, the `temporal` CLI and `Worker.runReplayHistory` read. */
  async history(callId: string): Promise<string> {
    const handle = this.temporal.client.workflow.getHandle(callWorkflowId(callId));
    return historyToJSON(await findCall(this.temporal, callId, () => handle.fetchHistory()));
  }

  /** Deletes a session's ended calls with their prompts and answers. Returns how many. */
  async deleteEndedOfSession(sessionId: string): Promise<number> {
    let deleted = 0;
    const ended = `${listQuery({ session: sessionId })} AND ExecutionStatus != 'Running'`;
    for await (const { execution } of listAll(this.temporal, ended)) {
      await rpc(this.temporal, rpcTimeoutMs.write, () =>
        this.temporal.client.workflowService.deleteWorkflowExecution({
          namespace: this.temporal.namespace,
          ...(execution && { workflowExecution: execution }),
        }),
      );
      await this.texts.drop(callOwner(callIdOf(execution?.workflowId ?? '')));
      deleted += 1;
    }
    return deleted;
  }

  private async summarise(item: ListedExecution): Promise<CallSummary> {
    const { namespace, client } = this.temporal;
    return summaryOf(await executionInfoFromRaw(item, client.options.loadedDataConverter, item, namespace));
  }
}
