/** Sessions as the facade sees them: turns for new calls, reading, deleting, listing, export and import. */
import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import pMap from 'p-map';
import { sessionIdOf, sessionWorkflowId } from '../../domain/ids.ts';
import type { Metadata, SessionLimits, TurnReply } from '../../domain/session.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { closeSessionUpdate, expireSessionUpdate, releaseTurnSignal } from '../../workflows/messages.ts';
import type { session } from '../../workflows/session.ts';
import { isClosed, sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { refusing } from '../../payloads/store-refusals.ts';
import type { Removal, SessionDeletions } from './session-deletions.ts';
import type { SessionReads } from './session-reads.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { runningSessionsQuery } from '../temporal/queries.ts';
import { sessionStart, TurnOpening } from './turn-opening.ts';
import { count, listAll, listPage, type ListedExecution, type Page } from '../temporal/visibility.ts';
import { stateOf, type ImportedSession, type WholeSession } from './whole-session.ts';

/** Sessions that a cleanup updates at a time. */
const concurrency = 4;

export class Sessions {
  private readonly temporal: Temporal;
  private readonly updateLimit: EntityUpdateLimit;
  private readonly limits: SessionLimits;
  private readonly texts: TextStore;
  private readonly reads: SessionReads;
  private readonly deletions: SessionDeletions;
  private readonly turns: TurnOpening;

  constructor(
    temporal: Temporal,
    updateLimit: EntityUpdateLimit,
    limits: SessionLimits,
    texts: TextStore,
    reads: SessionReads,
    deletions: SessionDeletions,
  ) {
    this.deletions = deletions;
    this.turns = new TurnOpening(temporal, updateLimit, limits);
    this.texts = texts;
    this.reads = reads;
    this.temporal = temporal;
    this.updateLimit = updateLimit;
    this.limits = limits;
  }

  /** The turn for a call about to start; the session is created where it is missing. Throws `Refusal`. */
  openTurn(
    sessionId: string,
    callId: string,
    wish: { userId?: string | undefined; metadata?: Metadata | undefined } = {},
  ): Promise<TurnReply> {
    return this.turns.open(sessionId, callId, wish);
  }

  /** Gives back the turn of a call that will not use it. */
  async releaseTurn(sessionId: string, callId: string): Promise<void> {
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () =>
        this.handle(sessionId).signal(releaseTurnSignal, callId),
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  read(sessionId: string): Promise<WholeSession | undefined> {
    return this.reads.read(sessionId);
  }

  /**
   * Closes it first, so that a call under way cannot bring it back. With its calls: those that have ended by then. What a
   * removal that was cut off left of its id is removed too.
   */
  async remove(sessionId: string, { withCalls }: { withCalls: boolean }): Promise<Removal> {
    try {
      const { runId } = await this.update(sessionId, closeSessionUpdate, [withCalls]);
      return await this.forget(sessionId, runId);
    } catch (error) {
      if (!isClosed(error)) throw error;
    }
    this.drop(sessionId);
    return this.deletions.finishLeft(sessionId, { withCalls });
  }

  /** Removes every session that was idle since `cutoffMs` and has no turn held or queued. */
  async cleanup(cutoffMs: number): Promise<{ cleanedUp: number; remaining: number }> {
    let cleanedUp = 0;
    let remaining = 0;
    const visit = async ({ execution }: ListedExecution): Promise<void> => {
      if (await this.expire(sessionIdOf(execution?.workflowId ?? ''), cutoffMs)) cleanedUp += 1;
      else remaining += 1;
    };
    await pMap(listAll(this.temporal, runningSessionsQuery()), visit, { concurrency });
    return { cleanedUp, remaining };
  }

  async list(options: { limit: number; cursor?: string | undefined }): Promise<Page<string>> {
    const { items, ...page } = await listPage(this.temporal, runningSessionsQuery(), options);
    return { items: items.map((one) => sessionIdOf(one.execution?.workflowId ?? '')), ...page };
  }

  count(): Promise<number> {
    return count(this.temporal, runningSessionsQuery());
  }

  /** Every session, one after the other. */
  async *export(): AsyncGenerator<WholeSession> {
    for await (const one of listAll(this.temporal, runningSessionsQuery())) {
      const content = await this.reads.readAnew(sessionIdOf(one.execution?.workflowId ?? ''));
      if (content) yield content;
    }
  }

  /** False if a session of that id exists: it is left as it is. */
  async import(imported: ImportedSession): Promise<boolean> {
    if (await this.reads.readAnew(imported.sessionId)) return false;
    const life = randomUUID();
    const state = await refusing(() => stateOf(this.texts, imported, life, this.limits));
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () =>
        this.temporal.client.workflow.start<typeof session>('session', {
          ...sessionStart(this.temporal, state, this.limits),
          // Or the first tasks of thousands would stand in the queue before everybody else's.
          requestEagerStart: true,
        }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await refusing(() => this.texts.drop(sessionOwner(imported.sessionId, life)));
      return false;
    }
  }

  private async expire(sessionId: string, cutoffMs: number): Promise<boolean> {
    try {
      const { answer: expired, runId } = await this.update(sessionId, expireSessionUpdate, [cutoffMs]);
      if (expired) await this.forget(sessionId, runId);
      return expired;
    } catch (error) {
      if (isClosed(error)) return true; // Removed by someone else meanwhile.
      throw error;
    }
  }

  /** `runId` was closed just now. */
  private async forget(sessionId: string, runId: string): Promise<Removal> {
    this.drop(sessionId);
    return (await this.deletions.finish(sessionId, runId)) ? 'deleted' : 'deleting';
  }

  private drop(sessionId: string): void {
    this.turns.forget(sessionId);
    this.reads.forget(sessionId);
  }

  /** With the run that took it. */
  private update<T, A extends [unknown, ...unknown[]]>(
    sessionId: string,
    update: UpdateDefinition<T, A>,
    args: A,
  ): Promise<{ answer: T; runId: string }> {
    // A fixed update id would find the first close again for as long as the closed run is there.
    const options = { args, updateId: randomUUID(), waitForStage: 'ACCEPTED' as const };
    const send = async () => {
      const sent = await this.handle(sessionId).startUpdate<T, A>(update, options);
      return { answer: await sent.result(), runId: sent.workflowRunId ?? '' };
    };
    return this.updateLimit.run(sessionWorkflowId(sessionId), () =>
      rpc(this.temporal, rpcTimeoutMs.write, () => sendUpdate(send)),
    );
  }

  private handle(sessionId: string) {
    return this.temporal.client.workflow.getHandle(sessionWorkflowId(sessionId));
  }
}
