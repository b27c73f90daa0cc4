/**
 * Opens turns for the facade. Creates the session if it does not exist, and creates it again if it was removed meanwhile. If
 * the turn is held by a call that has ended without the session's knowledge, tells the session first.
 */
import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { sessionWorkflowId } from '../../domain/ids.ts';
import { sizeAsJson } from '../../domain/json-bytes.ts';
import { sessionKey } from '../../domain/cache-keys.ts';
import {
  newSession,
  type Metadata,
  type SessionLimits,
  type SessionMemo,
  type SessionState,
  type TurnReply,
  type TurnWish,
  type WhenBusy,
} from '../../domain/session.ts';
import { openTurnUpdate } from '../../workflows/messages.ts';
import type { session } from '../../workflows/session.ts';
import { isClosed, sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import type { SessionEndings } from './session-endings.ts';
import { delay } from '../../lib/delay.ts';
import { withBound } from './session-bounds.ts';
import {
  rpc,
  rpcTimeoutMs,
  temporalUnavailable,
  workflowTaskTimeout,
  type Temporal,
} from '../temporal/rpc.ts';

/** What a session is told of a call that wants a turn. */
export interface TurnRequest {
  /** The owner of the session if it is created. */
  readonly userId?: string | undefined;
  readonly metadata?: Metadata | undefined;
  /** Undefined if the call waits. */
  readonly whenBusy?: WhenBusy | undefined;
}

type OpenTurnArgs = [callId: string, metadataBytes: number, life: null, wish: TurnWish];

/** The first pause of the backoff while the session closes, which takes one workflow task. */
const firstPauseMs = 10;
const longestPauseMs = 320;

/** Opens turns, and remembers which sessions exist. */
export class TurnOpening {
  private readonly temporal: Temporal;
  private readonly updateLimit: EntityUpdateLimit;
  private readonly limits: SessionLimits;
  private readonly endings: SessionEndings;
  /**
   * The sessions that exist as far as this node knows. For these a plain update is enough, which is cheaper than an update with
   * start.
   */
  private readonly known = new LRUCache<string, true>({ max: 10_000 });

  constructor(
    temporal: Temporal,
    updateLimit: EntityUpdateLimit,
    limits: SessionLimits,
    endings: SessionEndings,
  ) {
    this.endings = endings;
    this.temporal = temporal;
    this.updateLimit = updateLimit;
    this.limits = limits;
  }

  /**
   * Acquires a turn, or a place in the queue. The reply is `committed` if this call has already had its turn. Throws the
   * refusals `session_queue_full`, `session_metadata_full`, `session_busy` and `temporal_unavailable`.
   */
  async open(
    sessionId: string,
    callId: string,
    { userId, metadata, whenBusy }: TurnRequest,
  ): Promise<TurnReply> {
    const metadataBytes = metadata ? sizeAsJson(metadata) : 0;
    const always: TurnWish = { tellsEnding: true, ...(whenBusy && { whenBusy }) };
    const send = (wish: TurnWish): Promise<TurnReply> =>
      this.send(sessionId, [callId, metadataBytes, null, { ...wish, ...always }], userId);
    try {
      return await this.endings.openTurn(sessionId, callId, send);
    } catch (error) {
      throw withBound(error, this.limits);
    }
  }

  /** Forgets a session that no longer exists. */
  forget(sessionId: string): void {
    this.known.delete(sessionKey(sessionId));
  }

  private async send(sessionId: string, args: OpenTurnArgs, userId: string | undefined): Promise<TurnReply> {
    const reply = await this.updateLimit.run(sessionWorkflowId(sessionId), () =>
      rpc(this.temporal, rpcTimeoutMs.write, () => this.untilAccepted(sessionId, args, userId)),
    );
    this.known.set(sessionKey(sessionId), true);
    return reply;
  }

  /**
   * Opens the turn and retries while the session closes. A closing session accepts no calls, and a moment later a new session
   * can be created under its id.
   */
  private async untilAccepted(
    sessionId: string,
    args: OpenTurnArgs,
    userId: string | undefined,
  ): Promise<TurnReply> {
    const patience = AbortSignal.timeout(rpcTimeoutMs.write);
    for (let pauseMs = 0; ; pauseMs = Math.min(Math.max(2 * pauseMs, firstPauseMs), longestPauseMs)) {
      try {
        return await this.once(sessionId, args, userId);
      } catch (error) {
        if (!isClosed(error)) throw error;
        this.known.delete(sessionKey(sessionId));
        await delay(pauseMs, patience);
        if (patience.aborted) throw temporalUnavailable(error);
      }
    }
  }

  private once(sessionId: string, args: OpenTurnArgs, userId: string | undefined): Promise<TurnReply> {
    const updateId = randomUUID();
    const { workflow } = this.temporal.client;
    return sendUpdate(() =>
      this.known.has(sessionKey(sessionId))
        ? workflow.getHandle(sessionWorkflowId(sessionId)).executeUpdate(openTurnUpdate, { args, updateId })
        : this.withStart(sessionId, args, updateId, userId),
    );
  }

  private withStart(
    sessionId: string,
    args: OpenTurnArgs,
    updateId: string,
    userId: string | undefined,
  ): Promise<TurnReply> {
    const state = { ...newSession(sessionId, Date.now(), userId), life: randomUUID() };
    const startWorkflowOperation = new WithStartWorkflowOperation<typeof session>('session', {
      ...sessionStart(this.temporal, state, this.limits),
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    const options = { startWorkflowOperation, args, updateId };
    return this.temporal.client.workflow.executeUpdateWithStart(openTurnUpdate, options);
  }
}

/** Returns the options to start a session's workflow. The memo has the life, so that it can be read without a worker. */
export function sessionStart({ taskQueue }: Temporal, state: SessionState, limits: SessionLimits) {
  return {
    workflowId: sessionWorkflowId(state.sessionId),
    taskQueue,
    args: [state, limits] as [SessionState, SessionLimits],
    workflowTaskTimeout,
    workflowIdConflictPolicy: 'FAIL' as const,
    memo: { life: state.life } satisfies SessionMemo,
  };
}
