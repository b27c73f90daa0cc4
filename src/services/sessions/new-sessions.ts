/** Creates sessions that have messages from the beginning: imported ones, and forks of others. */
import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { Refusal } from '../../domain/failures.ts';
import type { SessionLimits, SessionState } from '../../domain/session.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import { refusing } from '../../payloads/store-refusals.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import type { session } from '../../workflows/session.ts';
import { rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { sessionStart } from './creating-updates.ts';
import { forkState } from './fork-state.ts';
import type { SessionReads } from './session-reads.ts';
import { noSuchSession, sessionExists } from './session-refusals.ts';
import { describeSession, type SessionRun } from './session-stored.ts';
import { stateOf, type ImportedSession } from './whole-session.ts';

/** A new session with messages of another one. */
interface ForkWish {
  readonly newId: string;
  /** Only the messages before the message with this number are taken along. Undefined: all. */
  readonly before: number | undefined;
}

/** Every method throws the refusals `temporal_unavailable` and `payload_store_unavailable`. */
export class NewSessions {
  private readonly temporal: Temporal;
  private readonly limits: SessionLimits;
  private readonly texts: TextStore;
  private readonly reads: SessionReads;

  constructor(temporal: Temporal, limits: SessionLimits, texts: TextStore, reads: SessionReads) {
    this.temporal = temporal;
    this.limits = limits;
    this.texts = texts;
    this.reads = reads;
  }

  /**
   * Creates a session with the given messages. Returns false if a session with that id exists; that session does not change.
   */
  async import(imported: ImportedSession): Promise<boolean> {
    if (await this.reads.readUncached(imported.sessionId)) return false;
    const state = await refusing(() => stateOf(this.texts, imported, randomUUID(), this.limits));
    return this.start(state);
  }

  /**
   * Creates a session with the messages of another one: all, or those before the message `before`. A call in flight is not part
   * of them. Returns how many they are. Throws the refusals `session_not_found`, `session_exists`, `validation_failed` and
   * `payload_lost`.
   */
  async fork(sessionId: string, { newId, before }: ForkWish): Promise<number> {
    const original = await this.running(sessionId);
    if (!original) throw noSuchSession(sessionId);
    if (await this.running(newId)) throw sessionExists(newId);
    const state = await this.copied(sessionId, original, { newId, before });
    if (!(await this.start(state))) throw sessionExists(newId);
    return (state.older?.count ?? 0) + state.messages.length;
  }

  /** Copies the session. What was copied is dropped again if that fails, or if the session is deleted meanwhile. */
  private async copied(sessionId: string, original: SessionRun, fork: ForkWish): Promise<SessionState> {
    const { newId, before } = fork;
    const life = randomUUID();
    /** A deletion removes the session's texts, which then look as if they were lost. */
    const requireOriginal = async (): Promise<void> => {
      const present = await this.running(sessionId);
      if (!present || present.life !== original.life) throw noSuchSession(sessionId);
    };
    try {
      const content = await this.reads.content(sessionId);
      if (!content) throw noSuchSession(sessionId);
      const wish = { sessionId: newId, life, before };
      const { state, lost } = await refusing(() => forkState(this.texts, content, wish, this.limits));
      if (lost) await requireOriginal();
      return state;
    } catch (error) {
      await this.texts.drop(sessionOwner(newId, life)).catch(() => undefined);
      if (error instanceof Refusal && error.type === 'payload_lost') await requireOriginal();
      throw error;
    }
  }

  /** Starts the session. Returns false if one with its id exists. */
  private async start(state: SessionState): Promise<boolean> {
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () =>
        this.temporal.client.workflow.start<typeof session>('session', {
          ...sessionStart(this.temporal, state, this.limits),
          // Otherwise the first tasks of thousands of imported sessions would be ahead of all other work in the task queue.
          requestEagerStart: true,
        }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await refusing(() => this.texts.drop(sessionOwner(state.sessionId, state.life)));
      return false;
    }
  }

  /** Describes the session; undefined if it does not run. */
  private async running(sessionId: string): Promise<SessionRun | undefined> {
    const session = await describeSession(this.temporal, sessionId);
    return session?.closedAt === undefined ? session : undefined;
  }
}
