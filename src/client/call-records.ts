/** What Temporal keeps of calls: descriptions, lists, start inputs, histories. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { executionInfoFromRaw } from '@temporalio/client/lib/helpers.js';
import { defaultPayloadConverter } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { CallInput, CallProgress } from '../domain/call.ts';
import { callIdOf, callWorkflowId } from '../domain/ids.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import type { CallEnding, CallStatus } from './call-ending.ts';
import { callStatusOf, describeExecution, findCall, noSuchCall, readProgress } from './call-execution.ts';
import { callOwner, type Texts } from '../payloads/texts.ts';
import { loadText } from './large-texts.ts';
import type { Calls } from './calls.ts';
import { rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';
import { nameIn } from './searchable.ts';
import { listQuery, type CallFilter } from './call-filter.ts';
import { count, listAll, listPage, quote, type ListedExecution, type Page } from './visibility.ts';

export interface CallSummary {
  readonly callId: string;
  readonly status: CallStatus;
  readonly agentAsked: string;
  /** The agent asked, until another answers. Absent when none did. */
  readonly answeredBy?: string;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly errorType?: string;
  readonly startedAt: Date;
  readonly endedAt?: Date;
  readonly rerunOf?: string;
}

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

  /** Lag-free. Throws the refusal `call_not_found`. */
  async status(callId: string): Promise<CallStatus> {
    return callStatusOf((await describeExecution(this.temporal, callId)).status.name);
  }

  async list(
    filter: CallFilter,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<CallSummary>> {
    const { items, ...rest } = await listPage(this.temporal, listQuery(filter), page);
    return { items: await Promise.all(items.map((item) => this.summarise(item))), ...rest };
  }

  /** As visibility knows them, newest first. */
  async *rerunsOf(callId: string): AsyncGenerator<CallSummary> {
    const query = `WorkflowType = 'agentCall' AND ${searchAttributes.rerunOf.name} = ${quote(callId)}`;
    for await (const item of listAll(this.temporal, query)) yield await this.summarise(item);
  }

  count(filter: CallFilter): Promise<number> {
    return count(this.temporal, listQuery(filter));
  }

  /** Every run that matches, newest first. */
  async *all(filter: CallFilter): AsyncGenerator<CallSummary> {
    for await (const item of listAll(this.temporal, listQuery(filter))) yield await this.summarise(item);
  }

  /** What the call was started with: the first event's input, the prompt as text. */
  async input(callId: string): Promise<CallInput & { prompt: string }> {
    const { history } = await findCall(this.temporal, callId, () =>
      this.temporal.client.workflowService.getWorkflowExecutionHistory({
        namespace: this.temporal.namespace,
        execution: { workflowId: callWorkflowId(callId) },
        maximumPageSize: 1,
      }),
    );
    const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    if (!payload) throw noSuchCall(callId);
    const input = defaultPayloadConverter.fromPayload<CallInput>(payload);
    return { ...input, prompt: await loadText(this.texts, input.prompt) };
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

function summaryOf(info: Omit<WorkflowExecutionInfo, 'raw'>): CallSummary {
  const attributes = info.typedSearchAttributes;
  const status = callStatusOf(info.status.name);
  return {
    callId: callIdOf(info.workflowId),
    status,
    agentAsked: nameIn(attributes, searchAttributes.agent) ?? '',
    ...optional('answeredBy', status === 'completed' && attributes.get(searchAttributes.answeredBy)),
    ...optional('sessionId', nameIn(attributes, searchAttributes.session)),
    ...optional('userId', attributes.get(searchAttributes.user)),
    ...optional('errorType', attributes.get(searchAttributes.errorType)),
    startedAt: info.startTime,
    ...optional('endedAt', info.closeTime),
    ...optional('rerunOf', attributes.get(searchAttributes.rerunOf)),
  };
}

function optional<K extends string, V>(key: K, value: V | false | undefined): Partial<Record<K, V>> {
  return value === undefined || value === false ? {} : ({ [key]: value } as Record<K, V>);
}
