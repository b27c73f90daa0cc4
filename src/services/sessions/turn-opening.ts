/** The facade's side of a session's turns: the session is created where it is missing, and made anew where it was removed. */
import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { sessionWorkflowId } from '../../domain/ids.ts';
import { sizeAsJson } from '../../domain/json-bytes.ts';
import { sessionKey } from '../../domain/keys.ts';
import {
  newSession,
  type Metadata,
  type SessionLimits,
  type SessionState,
  type TurnReply,
} from '../../domain/session.ts';
import { openTurnUpdate } from '../../workflows/messages.ts';
import type { session } from '../../workflows/session.ts';
import { isClosed, sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { delay } from '../../lib/delay.ts';
import { withBound } from './session-bounds.ts';
import {
  rpc,
  rpcTimeoutMs,
  temporalUnavailable,
  workflowTaskTimeout,
  type Temporal,
} from '../temporal/rpc.ts';

type OpenTurnArgs = [callId: string, metadataBytes?: number];

/** A closing session is closed within a workflow task: it is met again so soon, then after twice as long. */
const firstMeetAgainMs = 10;
const longestMeetAgainMs = 320;

export class TurnOpening {
  private readonly temporal: Temporal;
  private readonly updateLimit: EntityUpdateLimit;
  private readonly limits: SessionLimits;
  /** Sessions that exist as far as this node knows: a plain update is cheaper than update-with-start. */
  private readonly known = new LRUCache<string, true>({ max: 10_000 });

  constructor(temporal: Temporal, updateLimit: EntityUpdateLimit, limits: SessionLimits) {
    this.temporal = temporal;
    this.updateLimit = updateLimit;
    this.limits = limits;
  }

  /** Throws `Refusal`. */
  async open(
    sessionId: string,
    callId: string,
    { userId, metadata }: { userId?: string | undefined; metadata?: Metadata | undefined },
  ): Promise<TurnReply> {
    const args: OpenTurnArgs = metadata ? [callId, sizeAsJson(metadata)] : [callId];
    try {
      const reply = await this.updateLimit.run(sessionWorkflowId(sessionId), () =>
        rpc(this.temporal, rpcTimeoutMs.write, () => this.inSomeLife(sessionId, args, userId)),
      );
      this.known.set(sessionKey(sessionId), true);
      return reply;
    } catch (error) {
      throw withBound(error, this.limits);
    }
  }

  forget(sessionId: string): void {
    this.known.delete(sessionKey(sessionId));
  }

  /** A session that is being removed takes no call any more, and makes way for the next of its id in a moment. */
  private async inSomeLife(
    sessionId: string,
    args: OpenTurnArgs,
    userId: string | undefined,
  ): Promise<TurnReply> {
    const patience = AbortSignal.timeout(rpcTimeoutMs.write);
    for (let pauseMs = 0; ; pauseMs = Math.min(Math.max(2 * pauseMs, firstMeetAgainMs), longestMeetAgainMs)) {
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

/** How a session's workflow is started. Its memo tells its life without a worker. */
export function sessionStart({ taskQueue }: Temporal, state: SessionState, limits: SessionLimits) {
  return {
    workflowId: sessionWorkflowId(state.sessionId),
    taskQueue,
    args: [state, limits] as [SessionState, SessionLimits],
    workflowTaskTimeout,
    workflowIdConflictPolicy: 'FAIL' as const,
    memo: { life: state.life },
  };
}
