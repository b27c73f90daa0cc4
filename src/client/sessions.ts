/** Sessions as the facade sees them: turns for new calls, reading, deleting, listing, export and import. */
import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { sessionIdOf, sessionWorkflowId } from '../domain/ids.ts';
import { sizeAsJson } from '../domain/json-bytes.ts';
import {
  newSession,
  type Metadata,
  type SessionLimits,
  type SessionState,
  type TurnReply,
} from '../domain/session.ts';
import { sessionOwner, type Texts } from '../payloads/texts.ts';
import { closeSession, expireSession, openTurn, releaseTurn } from '../workflows/messages.ts';
import type { session } from '../workflows/session.ts';
import { deleteAllRuns } from './delete-runs.ts';
import { sendUpdate, type EntityGate } from './entities.ts';
import { refusing } from './large-texts.ts';
import { withBound } from './session-bounds.ts';
import type { SessionReads } from './session-reads.ts';
import { stateOf, type ImportedSession, type WholeSession } from './whole-session.ts';
import { isNotFound, rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from './temporal.ts';
import { count, listAll, listPage, type Page } from './visibility.ts';

type OpenTurnArgs = [callId: string, metadataBytes?: number];

const runningSessions = "WorkflowType = 'session' AND ExecutionStatus = 'Running'";
/** Sessions that a cleanup or an export talks to at a time. */
const concurrency = 4;

export class Sessions {
  private readonly temporal: Temporal;
  private readonly gate: EntityGate;
  private readonly limits: SessionLimits;
  private readonly texts: Texts;
  private readonly reads: SessionReads;
  /** Sessions that exist as far as this node knows: a plain update is cheaper than update-with-start. */
  private readonly known = new LRUCache<string, true>({ max: 10_000 });

  constructor(
    temporal: Temporal,
    gate: EntityGate,
    limits: SessionLimits,
    texts: Texts,
    reads: SessionReads,
  ) {
    this.texts = texts;
    this.reads = reads;
    this.temporal = temporal;
    this.gate = gate;
    this.limits = limits;
  }

  /** The turn for a call about to start; the session is created where it is missing. Throws `Refusal`. */
  async openTurn(
    sessionId: string,
    callId: string,
    { userId, metadata }: { userId?: string | undefined; metadata?: Metadata | undefined } = {},
  ): Promise<TurnReply> {
    const updateId = randomUUID();
    const args: OpenTurnArgs = metadata ? [callId, sizeAsJson(metadata)] : [callId];
    const send = () =>
      rpc(this.temporal, rpcTimeoutMs.write, async () => {
        if (this.known.has(sessionId)) {
          try {
            return await sendUpdate(() => this.handle(sessionId).executeUpdate(openTurn, { args, updateId }));
          } catch (error) {
            if (!isNotFound(error)) throw error;
            this.known.delete(sessionId);
          }
        }
        return sendUpdate(() => this.openTurnWithStart(sessionId, args, updateId, userId));
      });
    try {
      const reply = await this.gate.pass(sessionWorkflowId(sessionId), send);
      this.known.set(sessionId, true);
      return reply;
    } catch (error) {
      throw withBound(error, this.limits);
    }
  }

  /** Gives back the turn of a call that will not use it. */
  async releaseTurn(sessionId: string, callId: string): Promise<void> {
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () => this.handle(sessionId).signal(releaseTurn, callId));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  read(sessionId: string): Promise<WholeSession | undefined> {
    return this.reads.read(sessionId);
  }

  /** False if there is none. Closes it first, so that a call under way cannot bring it back. */
  async remove(sessionId: string): Promise<boolean> {
    try {
      // A fixed update id would find the first close again for as long as the closed run is there.
      await this.update(sessionId, (updateId) =>
        this.handle(sessionId).executeUpdate(closeSession, { updateId }),
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.forgetClosed(sessionId);
      return false;
    }
    await this.forget(sessionId);
    return true;
  }

  /** Removes every session that was idle since `cutoffMs` and has no turn held or queued. */
  async cleanup(cutoffMs: number): Promise<{ cleanedUp: number; remaining: number }> {
    let cleanedUp = 0;
    let remaining = 0;
    await this.forEach(async (sessionId) => {
      if (await this.expire(sessionId, cutoffMs)) cleanedUp += 1;
      else remaining += 1;
    });
    return { cleanedUp, remaining };
  }

  async list(options: { limit: number; cursor?: string | undefined }): Promise<Page<string>> {
    const { items, ...page } = await listPage(this.temporal, runningSessions, options);
    return { items: items.map((one) => sessionIdOf(one.execution?.workflowId ?? '')), ...page };
  }

  count(): Promise<number> {
    return count(this.temporal, runningSessions);
  }

  /** Every session, one after the other. */
  async *export(): AsyncGenerator<WholeSession> {
    for await (const one of listAll(this.temporal, runningSessions)) {
      const content = await this.reads.readAnew(sessionIdOf(one.execution?.workflowId ?? ''));
      if (content) yield content;
    }
  }

  /** False if a session of that id exists: it is left as it is. */
  async import(imported: ImportedSession): Promise<boolean> {
    if (await this.reads.readAnew(imported.sessionId)) return false;
    const state = await refusing(() => stateOf(this.texts, imported, this.limits));
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () =>
        this.temporal.client.workflow.start<typeof session>('session', {
          ...this.startOptions(state),
          // Or the first tasks of thousands would stand in the queue before everybody else's.
          requestEagerStart: true,
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  private async openTurnWithStart(
    sessionId: string,
    args: OpenTurnArgs,
    updateId: string,
    userId: string | undefined,
  ): Promise<TurnReply> {
    const startWorkflowOperation = new WithStartWorkflowOperation<typeof session>('session', {
      ...this.startOptions(newSession(sessionId, Date.now(), userId)),
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    return this.temporal.client.workflow.executeUpdateWithStart(openTurn, {
      startWorkflowOperation,
      args,
      updateId,
    });
  }

  private startOptions(state: SessionState) {
    return {
      workflowId: sessionWorkflowId(state.sessionId),
      taskQueue: this.temporal.taskQueue,
      args: [state, this.limits] as [SessionState, SessionLimits],
      workflowTaskTimeout,
      workflowIdConflictPolicy: 'FAIL' as const,
    };
  }

  private async expire(sessionId: string, cutoffMs: number): Promise<boolean> {
    try {
      const expired = await this.update(sessionId, (updateId) =>
        this.handle(sessionId).executeUpdate(expireSession, { args: [cutoffMs], updateId }),
      );
      if (expired) await this.forget(sessionId);
      return expired;
    } catch (error) {
      if (isNotFound(error)) return true; // Removed by someone else meanwhile.
      throw error;
    }
  }

  /** One that was closed by a deletion that got no further. Temporal keeps a deleted one for minutes, too. */
  private async forgetClosed(sessionId: string): Promise<void> {
    const closed = await rpc(this.temporal, rpcTimeoutMs.read, () => this.handle(sessionId).describe()).then(
      ({ status }) => status.name !== 'RUNNING',
      (error: unknown) => {
        if (isNotFound(error)) return false;
        throw error;
      },
    );
    if (closed) await this.forget(sessionId);
  }

  private async forget(sessionId: string): Promise<void> {
    this.known.delete(sessionId);
    this.reads.forget(sessionId);
    await deleteAllRuns(this.temporal, sessionWorkflowId(sessionId));
    await this.texts.drop(sessionOwner(sessionId));
  }

  private update<T>(sessionId: string, send: (updateId: string) => Promise<T>): Promise<T> {
    const updateId = randomUUID();
    return this.gate.pass(sessionWorkflowId(sessionId), () =>
      rpc(this.temporal, rpcTimeoutMs.write, () => sendUpdate(() => send(updateId))),
    );
  }

  private async forEach(visit: (sessionId: string) => Promise<void>): Promise<void> {
    const under = new Set<Promise<void>>();
    for await (const one of listAll(this.temporal, runningSessions)) {
      const task = visit(sessionIdOf(one.execution?.workflowId ?? ''));
      const tracked = task.finally(() => under.delete(tracked));
      under.add(tracked);
      if (under.size >= concurrency) await Promise.race(under);
    }
    await Promise.all(under);
  }

  private handle(sessionId: string) {
    return this.temporal.client.workflow.getHandle(sessionWorkflowId(sessionId));
  }
}
