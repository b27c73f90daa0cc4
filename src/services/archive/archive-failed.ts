/** Archives the calls that have failed since the last round. */
import { LRUCache } from 'lru-cache';
import { pMapIterable } from 'p-map';
import type { Archive } from './archive.ts';
import { historyOf } from './call-export.ts';
import { failedSinceQuery } from '../calls/call-filter.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { listedCall } from '../calls/listed-call.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { listAll, type ListedExecution } from '../temporal/visibility.ts';

/** How far a round reaches back before the watermark: visibility lags, and the clocks of several facades may differ. */
const overlapMs = 600_000;
const readAhead = 4;

/**
 * Archives failed calls in rounds. Several facades may do so concurrently: writing a call twice changes nothing. The watermark
 * moves only when all calls of a round are stored, so an interrupted round is simply repeated. Throws `Refusal` if Temporal
 * does not answer, and `PayloadStoreError` if the archive does not.
 */
export class FailedCalls {
  private readonly temporal: Temporal;
  private readonly archive: Archive;
  /** The ids of the runs that this node has stored. Each round lists the calls of the overlap again and skips these. */
  private readonly stored = new LRUCache<string, true>({ max: 50_000 });

  constructor(temporal: Temporal, archive: Archive) {
    this.temporal = temporal;
    this.archive = archive;
  }

  /** Does one round. If `signal` aborts, the round ends early and does not move the watermark. */
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

  /** Stores one call. Returns when it ended, in epoch ms. */
  private async store(item: ListedExecution): Promise<number> {
    const summary = await listedCall(this.temporal, item);
    const endedAt = summary.endedAt?.getTime() ?? 0;
    const run = item.execution?.runId ?? '';
    if (this.stored.has(run)) return endedAt;
    const history = await historyOf(this.temporal, item, 1);
    if (history !== undefined) {
      const key = await this.archive.write(summary, history);
      // A call that was deleted meanwhile must not stay in the archive.
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
