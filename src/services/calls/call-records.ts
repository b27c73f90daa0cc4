/** Reads what Temporal stores about calls: descriptions, lists, counts, start inputs and histories. */
import { historyToJSON, type History } from '../../temporal-sdk/history-json.ts';
import { readPayload } from '../../temporal-sdk/payloads.ts';
import type { CallInput, CallProgress } from '../../domain/call.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { projectOf } from '../../domain/project.ts';
import { callPageKey } from '../../domain/cache-keys.ts';
import { promptOf, withPrompt } from '../../domain/turn-text.ts';
import { CoalescedReads } from '../../lib/coalesced-reads.ts';
import { holderOf } from '../sessions/holder-of.ts';
import { describeSession, isStoredBy } from '../sessions/session-stored.ts';
import { withSessionStored, type CallEnd, type CallEnding, type CallStatus } from './call-ending.ts';
import { callStatusOf, describeExecution, findCall, noSuchCall } from './call-execution.ts';
import { executionStatuses, listQuery, type CallFilter } from './call-filter.ts';
import { summaryOf, type CallSummary, type FoundCall, type ListedRun } from './call-summary.ts';
import { listedCall } from './listed-call.ts';
import { resolvedAmong } from './resolved-calls.ts';
import { lostText, unlessLost, type TextStore } from '../../payloads/text-store.ts';
import { loadText, refusing } from '../../payloads/store-refusals.ts';
import type { Calls } from './calls.ts';
import { factsOf } from '../call-events/call-facts.ts';
import { progressOf } from '../call-events/call-progress.ts';
import { rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { countByStatus, listAll, listPage, type Page } from '../temporal/visibility.ts';

/** Everything that is known about one call. */
export interface CallDescription extends FoundCall {
  /** Temporal's id of the run. */
  readonly runId: string;
  /** The input with which the call was started. */
  readonly input: CallInput & { readonly prompt: string };
  /** Whether the prompt is lost; `input.prompt` is then a note that says so. */
  readonly promptLost: boolean;
  /** The call's reruns, newest first, at most 50. From visibility, which may lag by seconds. */
  readonly reruns: readonly CallSummary[];
  /** How the call ended. Absent while it runs. */
  readonly ending?: CallEnding;
  /** The progress of a running call. */
  readonly progress?: CallProgress;
  /** The call that has the turn for which this one waits. Absent if it does not wait, or if that is not known. */
  readonly waitingFor?: string;
}

/** The number of calls in each status, and in total. */
export type CallCounts = Readonly<Record<CallStatus | 'total', number>>;

interface PageWish {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** How many reruns a description lists. The list of calls can find all of them, by `rerun_of`. */
const maxReruns = 50;

/** Reads of calls from Temporal and the payload store. Every method may throw the refusal `temporal_unavailable`. */
export class CallRecords {
  private readonly temporal: Temporal;
  private readonly calls: Calls;
  private readonly texts: TextStore;
  private readonly pages = new CoalescedReads<Page<ListedRun>>();

  constructor(temporal: Temporal, calls: Calls, texts: TextStore) {
    this.temporal = temporal;
    this.calls = calls;
    this.texts = texts;
  }

  /** Returns everything about one call. Takes four RPCs, three of them concurrent. Throws the refusal `call_not_found`. */
  async describe(callId: string): Promise<CallDescription> {
    const [info, { promptLost, ...input }, reruns] = await Promise.all([
      describeExecution(this.temporal, callId),
      this.readableInput(callId),
      this.list({ project: projectOf(callId), rerunOf: callId }, { limit: maxReruns }),
    ]);
    const known = {
      ...(await this.withResolved(summaryOf(info))),
      ...{ runId: info.runId, input, promptLost, reruns: reruns.items },
    };
    if (known.status === 'running') {
      // After the description: an activity that was pending may have ended since, but not the other way round.
      const { events } = await this.fetchHistory(callId);
      const facts = factsOf(callId, events ?? [], info.raw.pendingActivities ?? []);
      const progress = facts && progressOf(input, facts);
      return { ...known, ...(progress && { progress, ...(await this.waitingFor(input, progress)) }) };
    }
    const end = await this.calls.end(callId, AbortSignal.timeout(rpcTimeoutMs.read));
    if (!end) return known;
    const [ending, sessionStored] = await Promise.all([
      this.calls.endingOf(callId, end),
      this.isStored(input, end),
    ]);
    const { sessionStored: recorded, ...others } = ending;
    // A call that ended while it waited has recorded what its session stored then. The session may have been removed since.
    const isOver = recorded && input.turn?.endsByItself && !sessionStored;
    return { ...known, ending: isOver ? others : withSessionStored(ending, sessionStored) };
  }

  /** A call that has failed may have been answered by a rerun, which takes another RPC to find out. */
  private async withResolved(call: CallSummary): Promise<FoundCall> {
    if (call.status !== 'failed') return call;
    return { ...call, resolved: (await resolvedAmong(this.temporal, [call])).has(call.callId) };
  }

  private async waitingFor(
    { callId, sessionId }: CallInput,
    { waitsForTurn }: CallProgress,
  ): Promise<Pick<CallDescription, 'waitingFor'>> {
    if (!waitsForTurn || sessionId === undefined) return {};
    const holder = await holderOf(this.temporal, sessionId);
    return holder === undefined || holder === callId ? {} : { waitingFor: holder };
  }

  /** Whether the call's session stores its turn. Undefined without a session, and if that is not known any more. */
  private async isStored({ sessionId, turn }: CallInput, end: CallEnd): Promise<boolean | undefined> {
    const recorded = (end.result ?? end.failure)?.sessionStored;
    if (sessionId === undefined || recorded === false || (recorded && !turn?.endsByItself)) return recorded;
    const session = await describeSession(this.temporal, sessionId);
    return isStoredBy(session, { life: turn?.life, endedAt: end.endedAt });
  }

  /**
   * Returns the call's current status. It is read from the workflow and not from visibility. Throws the refusal
   * `call_not_found`.
   */
  async status(callId: string): Promise<CallStatus> {
    return callStatusOf((await describeExecution(this.temporal, callId)).status.name);
  }

  /** Returns one page of the calls that match. Concurrent reads of the same page are coalesced. */
  list(filter: CallFilter, { limit, cursor }: PageWish): Promise<Page<ListedRun>> {
    const query = listQuery(filter);
    return this.pages.read(callPageKey(query, limit, cursor), async () => {
      const { items, ...rest } = await listPage(this.temporal, query, { limit, cursor });
      return { items: await Promise.all(items.map((item) => listedCall(this.temporal, item))), ...rest };
    });
  }

  /** Returns how many calls match in each status. The filter's own status is ignored. */
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

  /**
   * Yields every call that matches, in the order of the list. A call that was reset in Temporal is yielded once for each run.
   */
  async *all(filter: CallFilter): AsyncGenerator<CallSummary> {
    for await (const item of listAll(this.temporal, listQuery(filter)))
      yield await listedCall(this.temporal, item);
  }

  /**
   * Returns the input with which the call was started, with its prompt loaded. Throws the refusals `call_not_found` and
   * `payload_lost`.
   */
  async input(callId: string): Promise<CallInput & { prompt: string }> {
    const input = await this.startInput(callId);
    return withPrompt(input, await loadText(this.texts, promptOf(input)));
  }

  /**
   * Returns the input with which the call was started, as the first event of its history has it: a large prompt is a reference.
   * `runId`: of this run, by default of the newest. Throws the refusal `call_not_found`.
   */
  async startInput(callId: string, runId?: string): Promise<CallInput> {
    const { history } = await findCall(this.temporal, callId, () =>
      this.temporal.client.workflowService.getWorkflowExecutionHistory({
        namespace: this.temporal.namespace,
        execution: { workflowId: callWorkflowId(callId), ...(runId !== undefined && { runId }) },
        maximumPageSize: 1,
      }),
    );
    const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    const input = readPayload<CallInput>(started?.input);
    if (!input) throw noSuchCall(callId);
    return input;
  }

  /**
   * Returns the call's history as JSON that the Web UI's import, the `temporal` CLI and `Worker.runReplayHistory` can read.
   * Throws the refusal `call_not_found`.
   */
  async history(callId: string): Promise<string> {
    return historyToJSON(await this.fetchHistory(callId));
  }

  private fetchHistory(callId: string): Promise<History> {
    const handle = this.temporal.client.workflow.getHandle(callWorkflowId(callId));
    return findCall(this.temporal, callId, () => handle.fetchHistory());
  }

  /** Like `input`, but a lost prompt is replaced by a note. Throws the refusal `call_not_found`. */
  async readableInput(callId: string): Promise<CallInput & { prompt: string; promptLost: boolean }> {
    const input = await this.startInput(callId);
    const prompt = await refusing(() => unlessLost(() => this.texts.load(promptOf(input))));
    return { ...withPrompt(input, prompt ?? lostText), promptLost: prompt === undefined };
  }
}
