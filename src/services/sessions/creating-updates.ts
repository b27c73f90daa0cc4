/** Updates that create their session if it does not exist, also if it was removed meanwhile. */
import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { LRUCache } from 'lru-cache';
import { sessionWorkflowId } from '../../domain/ids.ts';
import { sessionKey } from '../../domain/cache-keys.ts';
import { newSession, type SessionLimits, type SessionMemo, type SessionState } from '../../domain/session.ts';
import type { session } from '../../workflows/session.ts';
import { isClosed, sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { delay } from '../../lib/delay.ts';
import {
  rpc,
  rpcTimeoutMs,
  temporalUnavailable,
  workflowTaskTimeout,
  type Temporal,
} from '../temporal/rpc.ts';

/** The first pause of the backoff while the session closes, which takes one workflow task. */
const firstPauseMs = 10;
const longestPauseMs = 320;

/** The session that an update creates if there is none. */
interface NewSession {
  readonly userId?: string | undefined;
  readonly life?: string | undefined;
  readonly wanted?: true;
}

/** Sends updates, and remembers which sessions exist. */
export class CreatingUpdates {
  private readonly temporal: Temporal;
  private readonly updateLimit: EntityUpdateLimit;
  private readonly limits: SessionLimits;
  /**
   * The sessions that exist as far as this node knows. For these a plain update is enough, which is cheaper than an update with
   * start.
   */
  private readonly known = new LRUCache<string, true>({ max: 10_000 });

  constructor(temporal: Temporal, updateLimit: EntityUpdateLimit, limits: SessionLimits) {
    this.temporal = temporal;
    this.updateLimit = updateLimit;
    this.limits = limits;
  }

  /** Forgets a session that no longer exists. */
  forget(sessionId: string): void {
    this.known.delete(sessionKey(sessionId));
  }

  /**
   * Sends the update once and returns its answer. Throws the refusals of the update's validator and `temporal_unavailable`.
   */
  async send<T, A extends [unknown, ...unknown[]]>(
    sessionId: string,
    update: UpdateDefinition<T, A>,
    args: A,
    created: NewSession = {},
  ): Promise<T> {
    const once = (): Promise<T> => this.once(sessionId, update, args, created);
    if (created.life !== undefined) this.forget(sessionId); // The life is meant for a session that does not run.
    const answer = await this.updateLimit.run(sessionWorkflowId(sessionId), () =>
      rpc(this.temporal, rpcTimeoutMs.write, () =>
        // A second session with the same life would lose its texts together with the first.
        created.life === undefined ? this.untilAccepted(sessionId, once) : once(),
      ),
    );
    this.known.set(sessionKey(sessionId), true);
    return answer;
  }

  /**
   * Retries while the session closes. A closing session accepts no updates, and a moment later a new session can be created
   * under its id.
   */
  private async untilAccepted<T>(sessionId: string, once: () => Promise<T>): Promise<T> {
    const patience = AbortSignal.timeout(rpcTimeoutMs.write);
    for (let pauseMs = 0; ; pauseMs = Math.min(Math.max(2 * pauseMs, firstPauseMs), longestPauseMs)) {
      try {
        return await once();
      } catch (error) {
        if (!isClosed(error)) throw error;
        this.forget(sessionId);
        await delay(pauseMs, patience);
        if (patience.aborted) throw temporalUnavailable(error);
      }
    }
  }

  private once<T, A extends [unknown, ...unknown[]]>(
    sessionId: string,
    update: UpdateDefinition<T, A>,
    args: A,
    created: NewSession,
  ): Promise<T> {
    const options = { args, updateId: randomUUID() };
    const { workflow } = this.temporal.client;
    return sendUpdate(() =>
      this.known.has(sessionKey(sessionId))
        ? workflow.getHandle(sessionWorkflowId(sessionId)).executeUpdate<T, A>(update, options)
        : workflow.executeUpdateWithStart<typeof session, T, A>(update, {
            ...options,
            startWorkflowOperation: this.start(sessionId, created),
          }),
    );
  }

  private start(sessionId: string, { userId, life = randomUUID(), wanted }: NewSession) {
    const state = { ...newSession(sessionId, Date.now(), userId), life, ...(wanted && { wanted }) };
    return new WithStartWorkflowOperation<typeof session>('session', {
      ...sessionStart(this.temporal, state, this.limits),
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
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
