/** Archives the calls that have failed, as the log of endings names them. */
import pMap from 'p-map';
import type { Ending } from '../../domain/ending.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { summaryOf } from '../calls/call-summary.ts';
import type { EndingLog } from '../endings/ending-log.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import type { Temporal } from '../temporal/rpc.ts';
import type { Archive } from './archive.ts';
import { historyOf } from './call-export.ts';

/** How many calls are archived at the same time. */
const concurrency = 4;

/**
 * Archives failed calls in rounds. Several facades may do so concurrently: storing a call twice changes nothing. The watermark
 * moves only when all failed calls of the segments before it are stored, so what was interrupted is repeated.
 */
export class FailedCalls {
  private readonly temporal: Temporal;
  private readonly archive: Archive;
  private readonly log: EndingLog;
  /** The number of the segment that is archived next. */
  private next: number | undefined;

  constructor(temporal: Temporal, archive: Archive, log: EndingLog) {
    this.temporal = temporal;
    this.archive = archive;
    this.log = log;
  }

  /**
   * Does one round. If `signal` aborts, the round ends early. Throws `Refusal` if Temporal does not answer, and
   * `PayloadStoreError` if the log or the archive does not.
   */
  async archiveNew(signal: AbortSignal): Promise<void> {
    const before = await this.archive.watermark();
    this.next ??= await this.log.firstSince(before);
    let until = before;
    for (let segment; !signal.aborted && (segment = await this.log.read(this.next)); this.next++) {
      const failed = segment.endings.filter(({ outcome }) => outcome === 'failed');
      await pMap(failed, (ending) => this.store(ending), { concurrency });
      until = Math.max(until, segment.until);
    }
    if (until > before) await this.archive.advance(until);
  }

  private async store({ callId, runId }: Ending): Promise<void> {
    const workflowId = callWorkflowId(callId);
    const call = await describeWorkflow(this.temporal, workflowId, { runId });
    const history = await historyOf(this.temporal, { execution: { workflowId, runId } }, 1);
    if (!call || history === undefined) return; // It was deleted.
    const key = await this.archive.write(summaryOf(call), history);
    // A call that was deleted meanwhile must not stay in the archive.
    if (!(await describeWorkflow(this.temporal, workflowId, { runId }))) await this.archive.remove(key);
  }
}
