/**
 * Deletes what is left of closed sessions. A session's workflow completes only when it is closed, and its last run records what
 * has to be deleted. That run is deleted last, so that any process can continue where another was interrupted.
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

/**
 * The state of a removal. `deleting` means that the session no longer exists for its users, and that `finishAll` will delete
 * what is left of it.
 */
export type Removal = 'deleted' | 'deleting' | 'missing';

interface ClosedRun extends ClosedSession {
  readonly sessionId: string;
  readonly runId: string;
  readonly life: string | undefined;
  readonly closedAt: Date | undefined;
}

/** How many deleted runs are remembered: Temporal lists a run for a while after its deletion was requested. */
const rememberedRuns = { max: 50_000 } as const;

/** Deletes closed sessions: one of them immediately (`finish`), or in rounds all that are left (`finishAll`). */
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

  /**
   * Deletes a closed run and everything that it records. Returns false if something cannot be deleted now; `finishAll` retries
   * it.
   */
  async finish(sessionId: string, runId: string): Promise<boolean> {
    try {
      return await this.delete(sessionId, runId, { patiently: true });
    } catch (error) {
      if (isForLater(error)) return false;
      throw error;
    }
  }

  /**
   * Call this for a session that does not run. Deletes what interrupted removals have left and, with `withCalls`, the ended
   * calls with its id, except those that belong to a life that has begun since. Throws `Refusal`.
   */
  async finishLeft(sessionId: string, { withCalls }: { withCalls: boolean }): Promise<Removal> {
    const workflowId = sessionWorkflowId(sessionId);
    const runs = new Set<string>();
    for await (const { execution } of listAll(this.temporal, endedRunsOfSessionQuery(sessionId)))
      if (execution?.workflowId === workflowId) runs.add(execution.runId ?? '');
    const newest = await this.newest(sessionId);
    if (newest && newest.status.name !== 'RUNNING') runs.add(newest.runId); // Visibility lags.
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
   * Does one round over all closed sessions. A session that was closed since the previous round is left to the process that
   * closed it, except in a process's first round. If a deletion fails, the round continues and finally throws the last error.
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

  /** Deletes the run and what it records. Returns false if Temporal is still deleting the session's calls. */
  private async delete(sessionId: string, runId: string, how: { patiently: boolean }): Promise<boolean> {
    const closed = await this.readClosed(sessionId, runId);
    if (!closed) return true;
    const { callIds, closedAt } = closed;
    const endedBy = (): Promise<Date | undefined> => Promise.resolve(closedAt);
    if (callIds && !(await this.calls.removeOf(sessionId, { callIds, endedBy, ...how })).gone) return false;
    await this.dropTexts(closed);
    await deleteRunsUpTo(this.temporal, sessionWorkflowId(sessionId), runId);
    this.done.set(runId, true);
    return true;
  }

  /** Reads what the run records. Undefined if the run is deleted. */
  private async readClosed(sessionId: string, runId: string): Promise<ClosedRun | undefined> {
    const options = { followRuns: false };
    const handle = this.temporal.client.workflow.getHandle<typeof session>(
      sessionWorkflowId(sessionId),
      runId,
      options,
    );
    try {
      return await rpc(this.temporal, rpcTimeoutMs.read, async () => {
        // A session from before lives existed has no result, and neither has a terminated one.
        const result = await handle.result().catch((error: unknown) => {
          if (error instanceof WorkflowFailedError) return undefined;
          throw error;
        });
        // After the result: a closing session notifies its calls first, and has no close time until then.
        const { memo, closeTime: closedAt } = await handle.describe();
        return { ...result, sessionId, runId, life: lifeIn(memo), closedAt };
      });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private async dropTexts({ sessionId, life }: ClosedRun): Promise<void> {
    // Sessions from before lives existed share one folder per session id. payload-sweep.ts deletes it if none runs.
    const newest = life === undefined ? await this.newest(sessionId) : undefined;
    if (newest?.status.name === 'RUNNING' && lifeIn(newest.memo) === undefined) return;
    await this.texts.drop(sessionOwner(sessionId, life));
  }

  /** Returns when the present life began, i.e. the start of its first run. Undefined if the session does not run. */
  private async lifeBegan(sessionId: string): Promise<Date | undefined> {
    const newest = await this.newest(sessionId);
    if (newest?.status.name !== 'RUNNING') return undefined;
    const firstRunId = newest.raw.workflowExecutionInfo?.firstRunId ?? '';
    const first = firstRunId === newest.runId ? newest : await this.newest(sessionId, firstRunId);
    return (first ?? newest).startTime;
  }

  /** Describes the session's newest run, or the given one. */
  private newest(sessionId: string, runId?: string) {
    return describeWorkflow(this.temporal, sessionWorkflowId(sessionId), { runId });
  }
}

/** Whether a later attempt may succeed, because Temporal or the payload store is unavailable now. */
function isForLater(error: unknown): boolean {
  if (isUnanswered(error) || error instanceof PayloadStoreError) return true;
  return error instanceof Refusal && error.type === 'payload_store_unavailable';
}

/** Returns the life of a session's run, from its memo. Undefined for sessions from before lives existed. */
export function lifeIn(memo: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return typeof memo?.['life'] === 'string' ? memo['life'] : undefined;
}
