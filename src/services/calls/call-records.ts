/** What Temporal keeps of calls: descriptions, lists, start inputs, histories. */
import { historyToJSON } from '../../temporal-sdk/history-json.ts';
import { readPayload } from '../../temporal-sdk/payloads.ts';
import type { CallInput, CallProgress } from '../../domain/call.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { callPageKey } from '../../domain/keys.ts';
import { promptOf, withPrompt } from '../../domain/turn-text.ts';
import { CoalescedReads } from '../../lib/coalesced-reads.ts';
import type { CallEnding, CallStatus } from './call-ending.ts';
import { callStatusOf, describeExecution, findCall, noSuchCall, readProgress } from './call-execution.ts';
import { executionStatuses, listQuery, type CallFilter } from './call-filter.ts';
import { summaryOf, type CallSummary } from './call-summary.ts';
import { listedCall } from './listed-call.ts';
import { lostText, unlessLost, type TextStore } from '../../payloads/text-store.ts';
import { loadText, refusing } from '../../payloads/store-refusals.ts';
import type { Calls } from './calls.ts';
import { rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { countByStatus, listAll, listPage, type Page } from '../temporal/visibility.ts';

export interface CallDescription extends CallSummary {
  /** Of Temporal. */
  readonly runId: string;
  /** What it was started with. */
  readonly input: CallInput & { readonly prompt: string };
  /** The prompt is lost: a note stands in its place. */
  readonly promptLost: boolean;
  /** Calls that ran it again, the newest first; may lag by up to seconds. */
  readonly reruns: readonly CallSummary[];
  /** Of an ended call. */
  readonly ending?: CallEnding;
  /** Of a running call. */
  readonly progress?: CallProgress;
}

export type CallCounts = Readonly<Record<CallStatus | 'total', number>>;

interface PageWish {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Of one call, in its description; the list finds all, by `rerun_of`. */
const maxReruns = 50;

export class CallRecords {
  private readonly temporal: Temporal;
  private readonly calls: Calls;
  private readonly texts: TextStore;
  private readonly pages = new CoalescedReads<Page<CallSummary>>();

  constructor(temporal: Temporal, calls: Calls, texts: TextStore) {
    this.temporal = temporal;
    this.calls = calls;
    this.texts = texts;
  }

  /** Throws the refusal `call_not_found`. Four RPCs, three of them at once. */
  async describe(callId: string): Promise<CallDescription> {
    const [info, { promptLost, ...input }, reruns] = await Promise.all([
      describeExecution(this.temporal, callId),
      this.readableInput(callId),
      this.list({ rerunOf: callId }, { limit: maxReruns }),
    ]);
    const known = { ...summaryOf(info), runId: info.runId, input, promptLost, reruns: reruns.items };
    if (known.status === 'running') {
      const progress = await readProgress(this.temporal, callId);
      return { ...known, ...(progress && { progress }) };
    }
    const ending = await this.calls.wait(callId, AbortSignal.timeout(rpcTimeoutMs.read));
    return { ...known, ...(ending && { ending }) };
  }

  /** Lag-free. Throws the refusal `call_not_found`. */
  async status(callId: string): Promise<CallStatus> {
    return callStatusOf((await describeExecution(this.temporal, callId)).status.name);
  }

  /** However many ask for one page at once, Temporal is asked once at a time. */
  list(filter: CallFilter, { limit, cursor }: PageWish): Promise<Page<CallSummary>> {
    const query = listQuery(filter);
    return this.pages.read(callPageKey(query, limit, cursor), async () => {
      const { items, ...rest } = await listPage(this.temporal, query, { limit, cursor });
      return { items: await Promise.all(items.map((item) => listedCall(this.temporal, item))), ...rest };
    });
  }

  /** How many there are of each status, whatever status the filter names. */
  async counts(filter: CallFilter): Promise<CallCounts> {
    const found = await countByStatus(this.temporal, listQuery({ ...filter, status: undefined }));
    const of = (status: CallStatus): number =>
      executionStatuses[status].reduce((sum, name) => sum + (found.get(name) ?? 0), 0);
    const counts = {
      running: of('running'),
      completed: of('completed'),
      failed: of('failed'),
      cancelled: of('cancelled'),
    };
    return { ...counts, total: counts.running + counts.completed + counts.failed + counts.cancelled };
  }

  /** Every run that the filter is about, as the list orders them. */
  async *all(filter: CallFilter): AsyncGenerator<CallSummary> {
    for await (const item of listAll(this.temporal, listQuery(filter)))
      yield await listedCall(this.temporal, item);
  }

  /** What the call was started with, the prompt as text. Throws the refusals `call_not_found` and `payload_lost`. */
  async input(callId: string): Promise<CallInput & { prompt: string }> {
    const input = await this.startInput(callId);
    return withPrompt(input, await loadText(this.texts, promptOf(input)));
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
    const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    const input = readPayload<CallInput>(started?.input);
    if (!input) throw noSuchCall(callId);
    return input;
  }

  /** The JSON that the Web UI's import, the `temporal` CLI and `Worker.runReplayHistory` read. */
  async history(callId: string): Promise<string> {
    const handle = this.temporal.client.workflow.getHandle(callWorkflowId(callId));
    return historyToJSON(await findCall(this.temporal, callId, () => handle.fetchHistory()));
  }

  /** The same with a note in place of a lost prompt. Throws the refusal `call_not_found`. */
  async readableInput(callId: string): Promise<CallInput & { prompt: string; promptLost: boolean }> {
    const input = await this.startInput(callId);
    const prompt = await refusing(() => unlessLost(() => this.texts.load(promptOf(input))));
    return { ...withPrompt(input, prompt ?? lostText), promptLost: prompt === undefined };
  }
}
