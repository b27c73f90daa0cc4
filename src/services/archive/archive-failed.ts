/** Brings the calls that failed since the last round into the archive. */
import { LRUCache } from 'lru-cache';
import { pMapIterable } from 'p-map';
import type { Archive } from './archive.ts';
import { historyOf } from './call-export.ts';
import { failedSinceQuery } from '../calls/call-filter.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { listedCall } from '../calls/listed-call.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { listAll, type ListedExecution } from '../temporal/visibility.ts';

/** A list may miss a call that ended seconds ago; several facades may also be a little apart. */
const overlapMs = 600_000;
const readAhead = 4;

/**
 * One round after the other. Facades do the same side by side: a call that is there is not written again. The watermark
 * moves once all of a round are stored, so a round that broke off is only done again. Throws `Refusal` when Temporal does
 * not answer, `PayloadStoreError` when the archive does not.
 */
export class FailedCalls {
  private readonly temporal: Temporal;
  private readonly archive: Archive;
  /** Calls that are in the archive: those of the overlap are listed again each round. */
  private readonly stored = new LRUCache<string, true>({ max: 50_000 });

  constructor(temporal: Temporal, archive: Archive) {
    this.temporal = temporal;
    this.archive = archive;
  }

  /** Ends early, and leaves the watermark, once `signal` aborts. */
  async archiveNew(signal: AbortSignal): Promise<void> {
    const before = await this.archive.watermark();
    const query = failedSinceQuery(new Date(Math.max(0, before - overlapMs)));
    let newest = before;
    const found = listAll(this.temporal, query);
    const endings = pMapIterable(found, (item) => this.store(item), { concurrency: readAhead });
    for await (const endedAt of endings) {
      if (signal.aborted) return;
      newest = Math.max(newest, endedAt);
    }
    if (newest > before) await this.archive.advance(newest);
  }

  /** When it ended. */
  private async store(item: ListedExecution): Promise<number> {
    const summary = await listedCall(this.temporal, item);
    const endedAt = summary.endedAt?.getTime() ?? 0;
    const run = item.execution?.runId ?? '';
    if (this.stored.has(run)) return endedAt;
    const history = await historyOf(this.temporal, item, 1);
    if (history !== undefined) {
      const key = await this.archive.write(summary, history);
      // One that was deleted meanwhile is not brought back.
      if (!(await this.isThere(item))) await this.archive.remove(key);
    }
    this.stored.set(run, true);
    return endedAt;
  }

  private async isThere({ execution }: ListedExecution): Promise<boolean> {
    const { workflowId, runId } = execution ?? {};
    const run = await describeWorkflow(this.temporal, workflowId ?? '', { runId: runId ?? undefined });
    return run !== undefined;
  }
}
