/**
 * Deletes what is left of closed sessions. A session's workflow completes by its closing alone, and its last run is the
 * record of what is to be deleted: it goes last, so that any process can go on where another was cut off.
 */
import { WorkflowFailedError } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { Refusal } from '../../domain/failures.ts';
import type { ClosedSession } from '../../domain/session.ts';
import { sessionIdOf, sessionWorkflowId } from '../../domain/ids.ts';
import { PayloadStoreError } from '../../payloads/payload-store.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import type { session } from '../../workflows/session.ts';
import type { CallDeletions } from './call-deletions.ts';
import { deleteRunsUpTo } from '../temporal/delete-runs.ts';
import { refusing } from '../../payloads/store-refusals.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { isNotFound, isUnanswered, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { closedSessionsQuery, endedRunsOfSessionQuery } from '../temporal/queries.ts';
import { listAll } from '../temporal/visibility.ts';

/** `deleting`: nobody sees it any more, and what is left of it goes as soon as it can. */
export type Removal = 'deleted' | 'deleting' | 'missing';

interface ClosedRun extends ClosedSession {
  readonly sessionId: string;
  readonly runId: string;
  readonly life: string | undefined;
  readonly closedAt: Date | undefined;
}

/** Runs whose deletion was asked for: Temporal lists them until it has got round to it. */
const rememberedRuns = { max: 50_000 } as const;

export class SessionDeletions {
  private readonly temporal: Temporal;
  private readonly texts: TextStore;
  private readonly calls: CallDeletions;
  private readonly done = new LRUCache<string, true>(rememberedRuns);
  private readonly seen = new LRUCache<string, true>(rememberedRuns);

  constructor(temporal: Temporal, texts: TextStore, calls: CallDeletions) {
    this.temporal = temporal;
    this.texts = texts;
    this.calls = calls;
  }

  /** False: something is left that cannot be deleted just now; `finishAll` goes on with it. */
  async finish(sessionId: string, runId: string): Promise<boolean> {
    try {
      return await this.delete(sessionId, runId, { patiently: true });
    } catch (error) {
      if (isForLater(error)) return false;
      throw error;
    }
  }

  /** Of a session that does not run: what removals that were cut off left, and calls of its id. Throws `Refusal`. */
  async finishLeft(sessionId: string, { withCalls }: { withCalls: boolean }): Promise<Removal> {
    const workflowId = sessionWorkflowId(sessionId);
    const runs = new Set<string>();
    for await (const { execution } of listAll(this.temporal, endedRunsOfSessionQuery(sessionId)))
      if (execution?.workflowId === workflowId) runs.add(execution.runId ?? '');
    const newest = await this.newest(sessionId);
    if (newest && newest.status.name !== 'RUNNING') runs.add(newest.runId); // The list may not know it yet.
    let finished = true;
    for (const runId of runs)
      if (!this.done.has(runId)) finished = (await this.finish(sessionId, runId)) && finished;
    if (!finished) return 'deleting';
    if (!withCalls) return 'missing';
    const { found, gone } = await refusing(() =>
      this.calls.removeOf(sessionId, {
        callIds: [],
        endedBy: () => this.lifeBegan(sessionId),
        patiently: true,
      }),
    );
    if (!gone) return 'deleting';
    return found ? 'deleted' : 'missing';
  }

  /**
   * Of all sessions. One that was closed since the round before is most likely in the hands of who closed it, unless this
   * is the first round of a process. Throws what kept it from one of them, after the others.
   */
  async finishAll(signal: AbortSignal, { first = false } = {}): Promise<void> {
    let failure: unknown;
    for await (const { execution } of listAll(this.temporal, closedSessionsQuery())) {
      if (signal.aborted) return;
      const runId = execution?.runId ?? '';
      const isNew = !this.seen.has(runId) && !first;
      this.seen.set(runId, true);
      if (isNew || this.done.has(runId)) continue;
      const sessionId = sessionIdOf(execution?.workflowId ?? '');
      try {
        await this.delete(sessionId, runId, { patiently: first });
      } catch (error) {
        failure = error;
      }
    }
    if (failure !== undefined) throw failure as Error;
  }

  /** False: Temporal still deletes the calls. */
  private async delete(sessionId: string, runId: string, how: { patiently: boolean }): Promise<boolean> {
    const closed = await this.look(sessionId, runId);
    if (!closed) return true;
    const { callIds, closedAt } = closed;
    const endedBy = (): Promise<Date | undefined> => Promise.resolve(closedAt);
    if (callIds && !(await this.calls.removeOf(sessionId, { callIds, endedBy, ...how })).gone) return false;
    await this.dropTexts(closed);
    await deleteRunsUpTo(this.temporal, sessionWorkflowId(sessionId), runId);
    this.done.set(runId, true);
    return true;
  }

  /** Undefined: it is gone. */
  private async look(sessionId: string, runId: string): Promise<ClosedRun | undefined> {
    const options = { followRuns: false };
    const handle = this.temporal.client.workflow.getHandle<typeof session>(
      sessionWorkflowId(sessionId),
      runId,
      options,
    );
    try {
      return await rpc(this.temporal, rpcTimeoutMs.read, async () => {
        // Before there were lives a session ended without a word; one that was terminated does, too.
        const result = await handle.result().catch((error: unknown) => {
          if (error instanceof WorkflowFailedError) return undefined;
          throw error;
        });
        // After it, for a session that wakes calls is closed a little before it completes.
        const { memo, closeTime: closedAt } = await handle.describe();
        return { ...result, sessionId, runId, life: lifeIn(memo), closedAt };
      });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private async dropTexts({ sessionId, life }: ClosedRun): Promise<void> {
    // Sessions of before there were lives share their folder with the next of their id: the sweep sees to it.
    const newest = life === undefined ? await this.newest(sessionId) : undefined;
    if (newest?.status.name === 'RUNNING' && lifeIn(newest.memo) === undefined) return;
    await this.texts.drop(sessionOwner(sessionId, life));
  }

  /** Of the life that runs now, if there is one: its first run tells. */
  private async lifeBegan(sessionId: string): Promise<Date | undefined> {
    const newest = await this.newest(sessionId);
    if (newest?.status.name !== 'RUNNING') return undefined;
    const firstRunId = newest.raw.workflowExecutionInfo?.firstRunId ?? '';
    const first = firstRunId === newest.runId ? newest : await this.newest(sessionId, firstRunId);
    return (first ?? newest).startTime;
  }

  /** The run of this id, the newest by default. */
  private newest(sessionId: string, runId?: string) {
    return describeWorkflow(this.temporal, sessionWorkflowId(sessionId), { runId });
  }
}

function isForLater(error: unknown): boolean {
  if (isUnanswered(error) || error instanceof PayloadStoreError) return true;
  return error instanceof Refusal && error.type === 'payload_store_unavailable';
}

/** Of a session's run: its memo tells without a worker. */
export function lifeIn(memo: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return typeof memo?.['life'] === 'string' ? memo['life'] : undefined;
}
