/** Finds the runs of calls that have closed, and how each of them ended. */
import { pMapIterable } from 'p-map';
import type { Ending } from '../../domain/ending.ts';
import { callsClosedQuery } from '../calls/call-filter.ts';
import { listedCall } from '../calls/listed-call.ts';
import { endedRunsOfCallQuery } from '../temporal/queries.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { count, listAll, type ListedExecution } from '../temporal/visibility.ts';
import type { HintBook } from './hint-book.ts';
import { agrees, listedEnding, readEnding, type ListedRun } from './read-ending.ts';

/** A run that has closed. Times are epoch ms. */
export interface ClosedRun {
  readonly runId: string;
  readonly endedAt: number;
  /** Absent if the call goes on in another run, because somebody has reset it. */
  readonly ending?: Ending;
}

/** How many histories are read at the same time. */
const concurrency = 8;
/** The most calls that Temporal returns in one page. */
const pageSize = 1_000;

/** Every method may throw the refusal `temporal_unavailable`. */
export class EndedCalls {
  private readonly temporal: Temporal;

  constructor(temporal: Temporal) {
    this.temporal = temporal;
  }

  /** Returns how many runs have closed after `from` and by `to`. */
  count(from: number, to: number): Promise<number> {
    return count(this.temporal, callsClosedQuery(new Date(from), new Date(to)));
  }

  /**
   * Yields the runs that have closed after `from` and by `to` and are not in `seen`. Takes their hints from the book; a run
   * without one, or of which Temporal says something else, is read.
   */
  async *between(
    from: number,
    to: number,
    seen: ReadonlyMap<string, number>,
    book: HintBook,
  ): AsyncGenerator<ClosedRun> {
    const query = callsClosedQuery(new Date(from), new Date(to));
    const unseen = filter(listAll(this.temporal, query, pageSize), (runId) => {
      if (seen.has(runId)) book.takeFor(runId);
      return !seen.has(runId);
    });
    yield* pMapIterable(unseen, (item) => this.closed(item, book), { concurrency });
  }

  /** Returns how a call ended of which only a hint is known. Undefined if it goes on: its worker has lost the task. */
  async unlisted(hint: Ending): Promise<Ending | undefined> {
    const ending = await readEnding(this.temporal, hint.callId, hint.runId);
    if (ending === 'deleted') return hint; // It has ended, since only ended calls are deleted.
    return ending === 'by_reset' ? undefined : ending;
  }

  /** Returns how the earlier runs of a call ended that somebody has reset. */
  async earlierRuns({ callId, runId, endedAt }: Ending): Promise<Ending[]> {
    const earlier: Ending[] = [];
    for await (const { execution } of listAll(this.temporal, endedRunsOfCallQuery(callId))) {
      if (execution?.runId === runId || !execution?.runId) continue;
      const ending = await readEnding(this.temporal, callId, execution.runId);
      if (ending && typeof ending === 'object' && ending.endedAt < endedAt) earlier.push(ending);
    }
    return earlier;
  }

  private async closed(item: ListedExecution, book: HintBook): Promise<ClosedRun> {
    const runId = item.execution?.runId ?? '';
    const run: ListedRun = { ...(await listedCall(this.temporal, item)), runId };
    const endedAt = run.endedAt?.getTime() ?? 0;
    const hint = book.takeFor(runId);
    if (hint && agrees(hint, run)) return { runId, endedAt, ending: { ...hint, endedAt } };
    const read = await readEnding(this.temporal, run.callId, runId);
    if (read === 'by_reset') return { runId, endedAt };
    const isRead = typeof read === 'object';
    return { runId, endedAt, ending: isRead ? read : listedEnding(run) };
  }
}

async function* filter(
  items: AsyncIterable<ListedExecution>,
  isWanted: (runId: string) => boolean,
): AsyncGenerator<ListedExecution> {
  for await (const item of items) if (isWanted(item.execution?.runId ?? '')) yield item;
}
