/** Deletes a session's ended calls: their histories, their texts, and their files in the archive. */
import { optionalTsToMs } from '../../temporal-sdk/timestamps.ts';
import pMap from 'p-map';
import { callIdOf, callWorkflowId } from '../../domain/ids.ts';
import { partsOfSession } from '../../domain/project.ts';
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
  /** Ids of calls of the session that visibility may not list yet. */
  readonly callIds: readonly string[];
  /**
   * Returns the time (by the server's clock) by which calls must have ended to be deleted. Later ones stay, because they may
   * belong to another life of the session. If it returns undefined, all calls that have ended are deleted.
   */
  readonly endedBy: () => Promise<Date | undefined>;
  /** Whether to wait until Temporal has deleted the histories. */
  readonly patiently: boolean;
}

/** One run of a call. A call has more than one if it was reset in Temporal. */
interface Run {
  readonly callId: string;
  readonly runId: string;
  /** Epoch ms; undefined while the run is open. */
  readonly endedAt: number | undefined;
}

/** How many calls are read or deleted concurrently. */
const concurrency = 8;
const pollEveryMs = 250;

/** Deletes the ended calls of one session at a time. */
export class CallDeletions {
  private readonly temporal: Temporal;
  private readonly texts: TextStore;
  private readonly deleted: (callId: string) => void;
  private readonly archive: Archive | undefined;
  private readonly patienceMs: number;

  /**
   * `deleted` is called with the id of each call before its histories are deleted. `patienceMs` limits the wait of a patient
   * removal.
   */
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
   * Deletes the session's ended calls. `found` is whether it had any. `gone` is whether nothing of them is left; otherwise
   * Temporal is still deleting them. Because visibility lags, the calls in `callIds` are described one by one, and the list is
   * read again until it has no new runs. Throws `Refusal` and `PayloadStoreError`.
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
    // Last, because an archiver that had found a call's history before may have written it meanwhile.
    await this.archive?.removeSession(sessionId, await removal.endedBy());
    return { found: deleted.size > 0, gone: true };
  }

  /** Returns the runs of those calls of which all runs had ended by `endedBy`. */
  private async endedRuns(sessionId: string, { callIds, endedBy }: CallRemoval): Promise<Run[]> {
    const calls = new Map<string, Run[]>(callIds.map((callId) => [callId, []]));
    for await (const { execution, closeTime } of listAll(
      this.temporal,
      listQuery({ project: partsOfSession(sessionId).project, session: sessionId }),
    )) {
      const callId = callIdOf(execution?.workflowId ?? '');
      const run = { callId, runId: execution?.runId ?? '', endedAt: optionalTsToMs(closeTime) };
      calls.set(callId, [...(calls.get(callId) ?? []), run]);
    }
    // Read after the list: if the list has a call of another life, that life has begun by now.
    const until = (await endedBy())?.getTime() ?? Infinity;
    const ended = ({ endedAt }: Run): boolean => endedAt !== undefined && endedAt <= until;
    const found: Run[] = [];
    const visit = async ([callId, listed]: [string, Run[]]): Promise<void> => {
      let runs = listed;
      if (listed.length === 0 || listed.some(({ endedAt }) => endedAt === undefined)) {
        const newest = await this.newestRun(sessionId, callId);
        if (!newest) return;
        runs = [...listed.filter(({ runId }) => runId !== newest.runId), newest];
      }
      if (runs.every(ended)) found.push(...runs);
    };
    await pMap(calls, visit, { concurrency });
    return found;
  }

  /** Returns the call's newest run. Undefined if the call does not exist or belongs to another session. */
  private async newestRun(sessionId: string, callId: string): Promise<Run | undefined> {
    const info = await describeWorkflow(this.temporal, callWorkflowId(callId));
    if (!info || nameIn(info.typedSearchAttributes, 'session') !== sessionId) return undefined;
    return { callId, runId: info.runId, endedAt: info.closeTime?.getTime() };
  }

  /**
   * Deletes the call's texts and then its history. As long as the history exists, a deletion that was interrupted can be
   * repeated.
   */
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
        await delay(pollEveryMs, giveUp);
      }
    };
    await pMap(runs, waitFor, { concurrency });
    return gone;
  }
}
