/** A second run of a call, which a reset began: what came before the reset is replayed, what comes after is new. */
import { patched, workflowInfo } from '@temporalio/workflow';

export class ResetRun {
  private noticedAt: number | undefined;

  /**
   * When the run went on after its reset, by the workflow's clock; undefined in a first run, and while what was before the
   * reset is replayed: there the patch has no marker. So what a first run did is done again to the letter (I8). A replay
   * from a file does not know the run's own id: there only the marker tells.
   */
  get at(): number | undefined {
    const { runId, firstExecutionRunId, unsafe } = workflowInfo();
    const maybe = runId !== firstExecutionRunId || unsafe.isReplaying;
    if (this.noticedAt === undefined && maybe && patched('after-reset')) this.noticedAt = Date.now();
    return this.noticedAt;
  }
}
