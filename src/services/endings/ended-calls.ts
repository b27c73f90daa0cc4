/** Finds the runs of calls and batches that have closed, and how each of them ended. */
import { pMapIterable } from 'p-map';
import type { Ending, EndingMarks } from '../../domain/ending.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import type { BatchEnded } from '../../domain/feed-event.ts';
import { batchesClosedQuery, callsClosedQuery } from '../calls/call-filter.ts';
import { summaryOf, type CallSummary, type ListedRun } from '../calls/call-summary.ts';
import { listedCall } from '../calls/listed-call.ts';
import { batchType, endedRunsOfCallQuery } from '../temporal/queries.ts';
import { tsToMs } from '../../temporal-sdk/timestamps.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { isUnanswered, type Temporal } from '../temporal/rpc.ts';
import { count, listAll, type ListedExecution } from '../temporal/visibility.ts';
import { endedBatch } from './ended-batch.ts';
import type { HintBook } from './hint-book.ts';
import { agrees, listedEnding, readEnding, type ReadRun } from './read-ending.ts';

/** A run that has closed. Times are epoch ms. */
export interface ClosedRun {
  readonly runId: string;
  readonly endedAt: number;
  /** Absent if the call goes on in another run, because somebody has reset it, and from the run of a batch. */
  readonly ending?: Ending;
  /** Set if it is the run of a batch, unless the batch goes on in another run. */
  readonly batch?: BatchEnded;
}

/** How many histories are read at the same time. */
export const readsAtOnce = 8;
/** The most calls that Temporal returns in one page. */
const pageSize = 1_000;

/** Every method may throw the refusal `temporal_unavailable`. */
export class EndedCalls {
  private readonly temporal: Temporal;
  private readonly onUnreadable: (callId: string, error: unknown) => void;
  private readonly marksOf: (call: CallSummary) => EndingMarks;

  /**
   * `onUnreadable` is called for each run whose history nobody can read, for example because it was started without input.
   * `marksOf` says who is told of a call's end.
   */
  constructor(
    temporal: Temporal,
    onUnreadable: (callId: string, error: unknown) => void,
    marksOf: (call: CallSummary) => EndingMarks,
  ) {
    this.temporal = temporal;
    this.onUnreadable = onUnreadable;
    this.marksOf = marksOf;
  }

  /** Returns how many runs of calls have closed after `from` and by `to`, in whole ms. */
  count(from: number, to: number): Promise<number> {
    return count(this.temporal, callsClosedQuery(from, to));
  }

  /**
   * Yields the runs that have closed after `from` and by `to`, in whole ms, and are not in `seen`. Takes their hints from the
   * book; a run without one, or of which Temporal says something else, is read.
   */
  async *between(
    from: number,
    to: number,
    seen: ReadonlyMap<string, number>,
    book: HintBook,
  ): AsyncGenerator<ClosedRun> {
    const listed = this.listClosed(from, to);
    const unseen = filter(listed, (runId) => {
      if (seen.has(runId)) book.takeFor(runId);
      return !seen.has(runId);
    });
    yield* pMapIterable(unseen, (item) => this.closed(item, book), { concurrency: readsAtOnce });
  }

  /** Returns how a call ended of which only a hint is known. Undefined if it goes on: its worker has lost the task. */
  async unlisted(hint: Ending): Promise<Ending | undefined> {
    const read = await this.read(hint.callId, hint.runId);
    if (read === 'by_reset' || read === 'running') return undefined;
    // Only calls that have ended are deleted.
    if (read === 'deleted') return hint;
    const info = await describeWorkflow(this.temporal, callWorkflowId(hint.callId), { runId: hint.runId });
    return { ...(typeof read === 'object' ? read : hint), ...(info && this.marksOf(summaryOf(info))) };
  }

  /** Returns how the earlier runs of a call ended that somebody has reset, as far as they are still known. */
  async earlierRuns({ callId, runId, endedAt, resetFrom }: Ending): Promise<Ending[]> {
    const runs = new Set<string>(resetFrom === undefined ? [] : [resetFrom]);
    for await (const { execution } of listAll(this.temporal, endedRunsOfCallQuery(callId)))
      if (execution?.runId) runs.add(execution.runId);
    const earlier: Ending[] = [];
    for (const one of runs) {
      const read = one === runId ? undefined : await this.read(callId, one);
      if (typeof read !== 'object') continue;
      if (read.endedAt < endedAt) earlier.push(read);
      if (read.resetFrom !== undefined) runs.add(read.resetFrom);
    }
    return earlier;
  }

  private async *listClosed(from: number, to: number): AsyncGenerator<ListedExecution> {
    yield* listAll(this.temporal, callsClosedQuery(from, to), pageSize);
    yield* listAll(this.temporal, batchesClosedQuery(from, to), pageSize);
  }

  private async closed(item: ListedExecution, book: HintBook): Promise<ClosedRun> {
    const runId = item.execution?.runId ?? '';
    if (item.type?.name === batchType) {
      const batch = await endedBatch(this.temporal, item);
      return { runId, endedAt: batch?.endedAt ?? tsToMs(item.closeTime), ...(batch && { batch }) };
    }
    const run: ListedRun = await listedCall(this.temporal, item);
    const endedAt = run.endedAt?.getTime() ?? 0;
    const hint = book.takeFor(runId);
    const marks = this.marksOf(run);
    // A worker of an earlier version does not say what the call is a rerun of.
    const rerun = run.rerunOf !== undefined && { rerunOf: run.rerunOf };
    if (hint && agrees(hint, run))
      return { runId, endedAt, ending: { ...hint, endedAt, ...rerun, ...marks } };
    const read = await this.read(run.callId, runId);
    if (read === 'by_reset') return { runId, endedAt };
    const ending = typeof read === 'object' ? read : listedEnding(run);
    return { runId, endedAt, ending: { ...ending, ...marks } };
  }

  private async read(callId: string, runId: string): Promise<ReadRun | 'unreadable'> {
    try {
      return await readEnding(this.temporal, callId, runId);
    } catch (error) {
      if (isUnanswered(error)) throw error;
      this.onUnreadable(callId, error);
      return 'unreadable';
    }
  }
}

async function* filter(
  items: AsyncIterable<ListedExecution>,
  isWanted: (runId: string) => boolean,
): AsyncGenerator<ListedExecution> {
  for await (const item of items) if (isWanted(item.execution?.runId ?? '')) yield item;
}
