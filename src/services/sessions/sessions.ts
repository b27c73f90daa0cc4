/** The facade's operations on sessions: turns for new calls, reading, deleting, listing, export and import. */
import { randomUUID } from 'node:crypto';
import type { UpdateDefinition } from '@temporalio/common';
import pMap from 'p-map';
import { sessionIdOf, sessionWorkflowId } from '../../domain/ids.ts';
import { sizeAsJson } from '../../domain/json-bytes.ts';
import type { Metadata } from '../../domain/message.ts';
import type { SessionLimits } from '../../domain/session.ts';
import type { GrantedTurn, QueuedTurn, TurnHints, TurnReply, TurnWish, WhenBusy } from '../../domain/turn.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import {
  closeSessionUpdate,
  expireSessionUpdate,
  openTurnUpdate,
  releaseTurnSignal,
} from '../../workflows/messages.ts';
import { isClosed, sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import type { CallInput } from '../../domain/call.ts';
import { CreatingUpdates } from './creating-updates.ts';
import { NewSessions } from './new-sessions.ts';
import { withBound } from './session-refusals.ts';
import { SessionChanges } from './session-changes.ts';
import type { SessionEndings } from './session-endings.ts';
import { describeSession, isStoredBy } from './session-stored.ts';
import type { UntoldEndings } from './untold-endings.ts';
import type { Removal, SessionDeletions } from './session-deletions.ts';
import type { SessionReads } from './session-reads.ts';
import { isNotFound, isUnanswered, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { runningSessionsQuery } from '../temporal/queries.ts';
import { count, listAll, listPage, type ListedExecution, type Page } from '../temporal/visibility.ts';
import type { WholeSession } from './whole-session.ts';

/** How many sessions a cleanup updates concurrently. */
const concurrency = 4;
/** How many sessions are read at once for the details of a list. */
const detailsAtOnce = 8;

/** What a list shows of a session beside its id. */
export interface SessionDetails {
  readonly userId: string | undefined;
  readonly totalMessages: number;
  /** ISO 8601 in UTC. */
  readonly lastActivity: string;
  /** Whether a call has the turn. */
  readonly isLive: boolean;
}

/** What a session is told of a call that wants a turn. */
interface TurnRequest {
  /** The owner of the session if it is created. */
  readonly userId?: string | undefined;
  readonly metadata?: Metadata | undefined;
  /** Undefined if the call waits. */
  readonly whenBusy?: WhenBusy | undefined;
}

/** A turn, or a place in the queue. */
export interface OpenedTurn {
  readonly turn: GrantedTurn | QueuedTurn;
  /** For `follow`, once the call is started. */
  readonly hints: TurnHints | undefined;
}

/** Every method may throw the refusal `temporal_unavailable`. */
export class Sessions {
  /** Imports and forks. */
  readonly creation: NewSessions;
  /** Changes that are no calls. */
  readonly changes: SessionChanges;
  private readonly temporal: Temporal;
  private readonly updateLimit: EntityUpdateLimit;
  private readonly limits: SessionLimits;
  private readonly reads: SessionReads;
  private readonly deletions: SessionDeletions;
  private readonly updates: CreatingUpdates;
  private readonly endings: SessionEndings;
  private readonly untold: UntoldEndings;

  constructor(
    temporal: Temporal,
    updateLimit: EntityUpdateLimit,
    limits: SessionLimits,
    texts: TextStore,
    reads: SessionReads,
    deletions: SessionDeletions,
    endings: { readonly endings: SessionEndings; readonly untold: UntoldEndings },
  ) {
    this.deletions = deletions;
    this.endings = endings.endings;
    this.untold = endings.untold;
    this.updates = new CreatingUpdates(temporal, updateLimit, limits);
    this.changes = new SessionChanges(temporal, this.updates, limits, texts, endings.endings);
    this.creation = new NewSessions(temporal, limits, texts, reads);
    this.reads = reads;
    this.temporal = temporal;
    this.updateLimit = updateLimit;
    this.limits = limits;
  }

  /**
   * Acquires a turn, or a place in the queue, for a call that is about to start. Returns `committed` if this call has
   * already had its turn, and `ignored` if it got a place in the queue although it did not want to wait, because the session
   * runs on a worker of an older version. Creates a missing session. Throws the refusals `session_queue_full`,
   * `session_metadata_full` and `session_busy`.
   */
  async openTurn(
    sessionId: string,
    callId: string,
    { userId, metadata, whenBusy }: TurnRequest,
  ): Promise<OpenedTurn | 'committed' | 'ignored'> {
    const metadataBytes = metadata ? sizeAsJson(metadata) : 0;
    const always: TurnWish = { tellsEnding: true, ...(whenBusy && { whenBusy }) };
    const send = (wish: TurnWish): Promise<TurnReply> =>
      this.updates.send(sessionId, openTurnUpdate, [callId, metadataBytes, null, { ...wish, ...always }], {
        userId,
      });
    const reply = await this.endings.openTurn(sessionId, send).catch((error: unknown) => {
      throw withBound(error, this.limits);
    });
    if (reply.state === 'committed') return 'committed';
    const { hints, heeded, ...turn } = reply;
    return whenBusy && turn.state === 'queued' && !heeded ? 'ignored' : { turn, hints };
  }

  /** Waits in the background for the end of a call that was started, to tell its session. */
  follow(call: CallInput, hints: TurnHints | undefined): void {
    this.untold.follow(call, hints);
  }

  /**
   * Ends the turn of a call that has ended: with the call's messages, if it had the turn. Does nothing if the session does not
   * run.
   */
  async settleTurn(sessionId: string, callId: string): Promise<void> {
    await this.endings.settle(sessionId, callId);
  }

  /**
   * Whether the session stores the turn of a call that ended at `endedAt` (epoch ms). Undefined if that is not known any more.
   */
  async stores(
    sessionId: string,
    call: { readonly callId: string; readonly life: string | undefined; readonly endedAt: number },
  ): Promise<boolean | undefined> {
    const session = await describeSession(this.temporal, sessionId);
    if (session) this.untold.sessionSeen(sessionId, call.callId, session);
    return isStoredBy(session, call);
  }

  /** Gives back the turn of a call that will not use it. Does nothing if the session does not run. */
  async releaseTurn(sessionId: string, callId: string): Promise<void> {
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () =>
        this.handle(sessionId).signal(releaseTurnSignal, callId),
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Reads a session. Undefined if it does not exist. */
  read(sessionId: string): Promise<WholeSession | undefined> {
    return this.reads.read(sessionId);
  }

  /**
   * Removes a session and, with `withCalls`, those of its calls that have ended. The session is closed first, so that a call in
   * flight cannot bring it back. If the session does not run, removes what an interrupted removal has left of it.
   */
  async remove(sessionId: string, { withCalls }: { withCalls: boolean }): Promise<Removal> {
    try {
      const { runId } = await this.update(sessionId, closeSessionUpdate, [withCalls]);
      return await this.deleteClosed(sessionId, runId);
    } catch (error) {
      if (!isClosed(error)) throw error;
    }
    this.dropCaches(sessionId);
    return this.deletions.finishLeft(sessionId, { withCalls });
  }

  /**
   * Removes every session of the project that has been idle since `cutoffMs` (epoch ms) and in which no call holds a turn or waits for one.
   */
  async cleanup(project: string, cutoffMs: number): Promise<{ cleanedUp: number; remaining: number }> {
    let cleanedUp = 0;
    let remaining = 0;
    await this.untold.tellAll();
    const visit = async ({ execution }: ListedExecution): Promise<void> => {
      if (await this.expire(sessionIdOf(execution?.workflowId ?? ''), cutoffMs)) cleanedUp += 1;
      else remaining += 1;
    };
    await pMap(listAll(this.temporal, runningSessionsQuery(project)), visit, { concurrency });
    return { cleanedUp, remaining };
  }

  /** Returns one page of the ids of the project's sessions, newest first. */
  async list(
    project: string,
    options: { limit: number; cursor?: string | undefined },
  ): Promise<Page<string>> {
    const { items, ...page } = await listPage(this.temporal, runningSessionsQuery(project), options);
    return { items: items.map((one) => sessionIdOf(one.execution?.workflowId ?? '')), ...page };
  }

  /**
   * Reads what lists show of these sessions, in their order: a description for each, and a query if it has changed since it was
   * last read here. Undefined for one that cannot be read now.
   */
  details(sessionIds: readonly string[]): Promise<(SessionDetails | undefined)[]> {
    const read = async (sessionId: string): Promise<SessionDetails | undefined> => {
      const session = await this.reads.read(sessionId).catch((error: unknown) => {
        if (isUnanswered(error)) return undefined;
        throw error;
      });
      return session && detailsOf(session);
    };
    return pMap(sessionIds, read, { concurrency: detailsAtOnce });
  }

  count(project: string): Promise<number> {
    return count(this.temporal, runningSessionsQuery(project));
  }

  /** Reads all sessions of the project, one after the other. */
  async *export(project: string): AsyncGenerator<WholeSession> {
    for await (const one of listAll(this.temporal, runningSessionsQuery(project))) {
      const content = await this.reads.readUncached(sessionIdOf(one.execution?.workflowId ?? ''));
      if (content) yield content;
    }
  }

  private async expire(sessionId: string, cutoffMs: number): Promise<boolean> {
    try {
      const expire = () => this.update(sessionId, expireSessionUpdate, [cutoffMs]);
      let expired = await expire();
      // The facade that knew of the call's end may have died. Reading the session tells it the ending.
      if (expired.answer === 'held' && (await this.reads.content(sessionId))?.holderId === undefined)
        expired = await expire();
      if (expired.answer !== true) return false;
      await this.deleteClosed(sessionId, expired.runId);
      return true;
    } catch (error) {
      if (isClosed(error)) return true; // Somebody else has removed it.
      throw error;
    }
  }

  /** Deletes the session. Its run `runId` has just been closed. */
  private async deleteClosed(sessionId: string, runId: string): Promise<Removal> {
    this.dropCaches(sessionId);
    return (await this.deletions.finish(sessionId, runId)) ? 'deleted' : 'deleting';
  }

  private dropCaches(sessionId: string): void {
    this.updates.forget(sessionId);
    this.reads.forget(sessionId);
  }

  /** Sends an update. Returns its answer and the id of the run that processed it. */
  private update<T, A extends [unknown, ...unknown[]]>(
    sessionId: string,
    update: UpdateDefinition<T, A>,
    args: A,
  ): Promise<{ answer: T; runId: string }> {
    // With a fixed update id, a later close would get the answer of the first one for as long as the closed run exists.
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

function detailsOf({ userId, count: totalMessages, lastActivity, holderId }: WholeSession): SessionDetails {
  return { userId, totalMessages, lastActivity, isLive: holderId !== undefined };
}
