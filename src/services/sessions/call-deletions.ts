/** Deletes a session's ended calls: their histories, their texts, what is archived of them. */
import { optionalTsToMs } from '../../temporal-sdk/timestamps.ts';
import pMap from 'p-map';
import { callIdOf, callWorkflowId } from '../../domain/ids.ts';
import { callOwner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import type { Archive } from '../archive/archive.ts';
import { listQuery } from '../calls/call-filter.ts';
import { nameIn } from '../calls/call-summary.ts';
import { deleteRun } from '../temporal/delete-runs.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { delay } from '../../lib/delay.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { listAll } from '../temporal/visibility.ts';

interface CallRemoval {
  /** Those that a list may not know of yet. */
  readonly callIds: readonly string[];
  /** Calls that ended later stay: they may be those of another life. Undefined: all that have ended go. By the server's clock. */
  readonly endedBy: () => Promise<Date | undefined>;
  /** Wait until Temporal has deleted them. */
  readonly patiently: boolean;
}

/** A call has another one for each time that it was reset in Temporal. */
interface Run {
  readonly callId: string;
  readonly runId: string;
  /** Epoch ms; undefined: it runs. */
  readonly endedAt: number | undefined;
}

/** RPCs about calls at a time. */
const concurrency = 8;
const lookAgainMs = 250;

export class CallDeletions {
  private readonly temporal: Temporal;
  private readonly texts: TextStore;
  private readonly deleted: (callId: string) => void;
  private readonly archive: Archive | undefined;
  private readonly patienceMs: number;

  /** `deleted` is called with the id of each call before its histories are deleted. */
  constructor(
    temporal: Temporal,
    texts: TextStore,
    deleted: (callId: string) => void,
    archive: Archive | undefined,
    patienceMs: number,
  ) {
    this.temporal = temporal;
    this.texts = texts;
    this.deleted = deleted;
    this.archive = archive;
    this.patienceMs = patienceMs;
  }

  /**
   * `found`: there were some. `gone`: nothing of them is left; otherwise Temporal still deletes. A list lags, so those that it
   * does not tell of are looked at one by one, and it is read again until it tells of nothing new.
   */
  async removeOf(sessionId: string, removal: CallRemoval): Promise<{ found: boolean; gone: boolean }> {
    const giveUp = AbortSignal.timeout(removal.patiently ? this.patienceMs : 1);
    const deleted = new Set<string>();
    for (let before = -1; deleted.size > before;) {
      before = deleted.size;
      const runs = (await this.endedRuns(sessionId, removal)).filter(({ runId }) => !deleted.has(runId));
      await pMap(runs, (run) => this.delete(run), { concurrency });
      for (const { runId } of runs) deleted.add(runId);
      if (!(await this.areGone(runs, giveUp))) return { found: true, gone: false };
    }
    // Only now: an archiver that still found a call's history may write it there.
    await this.archive?.removeSession(sessionId, await removal.endedBy());
    return { found: deleted.size > 0, gone: true };
  }

  /** Of calls that have ended by then with all their runs. */
  private async endedRuns(sessionId: string, { callIds, endedBy }: CallRemoval): Promise<Run[]> {
    const calls = new Map<string, Run[]>(callIds.map((callId) => [callId, []]));
    for await (const { execution, closeTime } of listAll(this.temporal, listQuery({ session: sessionId }))) {
      const callId = callIdOf(execution?.workflowId ?? '');
      const run = { callId, runId: execution?.runId ?? '', endedAt: optionalTsToMs(closeTime) };
      calls.set(callId, [...(calls.get(callId) ?? []), run]);
    }
    // Asked after the list: whatever call of another life is in it, that life has begun by now.
    const until = (await endedBy())?.getTime() ?? Infinity;
    const ended = ({ endedAt }: Run): boolean => endedAt !== undefined && endedAt <= until;
    const found: Run[] = [];
    const visit = async ([callId, listed]: [string, Run[]]): Promise<void> => {
      let runs = listed;
      if (listed.length === 0 || listed.some(({ endedAt }) => endedAt === undefined)) {
        const newest = await this.look(sessionId, callId);
        if (!newest) return;
        runs = [...listed.filter(({ runId }) => runId !== newest.runId), newest];
      }
      if (runs.every(ended)) found.push(...runs);
    };
    await pMap(calls, visit, { concurrency });
    return found;
  }

  /** The newest run. Undefined: there is no such call, or it is another session's. */
  private async look(sessionId: string, callId: string): Promise<Run | undefined> {
    const info = await describeWorkflow(this.temporal, callWorkflowId(callId));
    if (!info || nameIn(info.typedSearchAttributes, 'session') !== sessionId) return undefined;
    return { callId, runId: info.runId, endedAt: info.closeTime?.getTime() };
  }

  /** The texts first: while its history is there, a deletion that was cut off can be begun again. */
  private async delete({ callId, runId }: Run): Promise<void> {
    this.deleted(callId);
    await this.texts.drop(callOwner(callId));
    await deleteRun(this.temporal, callWorkflowId(callId), runId);
  }

  private async areGone(runs: readonly Run[], giveUp: AbortSignal): Promise<boolean> {
    let gone = true;
    const waitFor = async ({ callId, runId }: Run): Promise<void> => {
      while (await describeWorkflow(this.temporal, callWorkflowId(callId), { runId })) {
        if (giveUp.aborted) gone = false;
        if (!gone) return;
        await delay(lookAgainMs, giveUp);
      }
    };
    await pMap(runs, waitFor, { concurrency });
    return gone;
  }
}
