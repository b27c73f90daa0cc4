/** Changes of a session that are no calls. Large texts are stored before the session gets them. */
import { randomUUID } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Refusal } from '../../domain/failures.ts';
import { sizeAsJson } from '../../domain/json-bytes.ts';
import type { Metadata } from '../../domain/message.ts';
import type { Append, Appended, SessionLimits, SessionSettings, WindowLimits } from '../../domain/session.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import type { StoredText } from '../../domain/stored-text.ts';
import { keepText, refusing } from '../../payloads/store-refusals.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { appendMessagesUpdate, configureSessionUpdate } from '../../workflows/messages.ts';
import { isClosed } from '../temporal/entity-updates.ts';
import { temporalUnavailable, type Temporal } from '../temporal/rpc.ts';
import type { CreatingUpdates } from './creating-updates.ts';
import { keepAll, needStore, type PlainNewMessage } from './kept-texts.ts';
import { sessionBusy, withBound } from './session-refusals.ts';
import type { SessionEndings } from './session-endings.ts';
import { describeSession } from './session-stored.ts';
import { systemText } from './whole-session.ts';

/** A validated request to append messages. */
export interface AppendWish {
  /** Identifies the request, from its `Idempotency-Key`. Undefined if it has none: then no other request repeats it. */
  readonly id: string | undefined;
  /** See `Append`. */
  readonly earlierIds?: readonly string[];
  readonly fingerprint: string;
  readonly messages: readonly PlainNewMessage[];
  readonly userId?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/** A validated change of a session's settings. Undefined members stay as they are, null removes. */
export interface SettingsWish {
  readonly system?: string | null | undefined;
  readonly window?: WindowLimits | null | undefined;
}

/** The settings of a session, with the text of its system prompt. */
export interface PlainSettings extends SessionSettings {
  readonly system?: string;
}

/** The life to which a change's texts belong. */
interface Life {
  readonly id: string | undefined;
  /** Set if the session does not run: if the change creates it, this is its life. */
  readonly isNew?: true;
}

/** How often a change is tried with the texts of another life, because the session was removed meanwhile. */
const maxTries = 3;

const whenFree =
  'Messages are appended only between turns: try again when the calls of this session have ended';

/** Every method creates a missing session, and may throw `temporal_unavailable` and `payload_store_unavailable`. */
export class SessionChanges {
  private readonly temporal: Temporal;
  private readonly updates: CreatingUpdates;
  private readonly limits: SessionLimits;
  private readonly texts: TextStore;
  private readonly endings: SessionEndings;

  constructor(
    temporal: Temporal,
    updates: CreatingUpdates,
    limits: SessionLimits,
    texts: TextStore,
    endings: SessionEndings,
  ) {
    this.temporal = temporal;
    this.updates = updates;
    this.limits = limits;
    this.texts = texts;
    this.endings = endings;
  }

  /** Appends messages. Throws the refusals `session_busy`, `session_metadata_full` and `idempotency_mismatch`. */
  async append(sessionId: string, wish: AppendWish): Promise<Appended> {
    const { id = randomUUID(), earlierIds = [], fingerprint, messages, userId, metadata } = wish;
    try {
      this.requireRoomFor(metadata);
      return await this.inLife(sessionId, needStore(this.texts, messages), async (life) => {
        const owner = sessionOwner(sessionId, life.id);
        const append = {
          id,
          ...(earlierIds.length > 0 && { earlierIds }),
          fingerprint,
          messages: await refusing(() => keepAll(this.texts, owner, messages)),
          ...(userId !== undefined && { userId }),
          ...(metadata && { metadata }),
          ...(life.id !== undefined && { life: life.id }),
        };
        return this.endings.withEndings(sessionId, (taken) => {
          const args: [Append] = [{ ...append, ...(taken.length > 0 && { taken }) }];
          return this.updates.send(sessionId, appendMessagesUpdate, args, { userId, life: newLife(life) });
        });
      });
    } catch (error) {
      if (error instanceof Refusal && error.type === 'session_busy') throw sessionBusy(whenFree, error);
      throw withBound(error, this.limits);
    }
  }

  /** Changes the settings and returns all of them. */
  async configure(sessionId: string, { system, window }: SettingsWish): Promise<PlainSettings> {
    const isLarge = typeof system === 'string' && this.texts.isLarge(system);
    const settings = await this.inLife(sessionId, isLarge, async (life) => {
      const change = {
        ...(system !== undefined && { system: await this.keep(sessionId, life.id, system) }),
        ...(window !== undefined && { window }),
        ...(life.id !== undefined && { life: life.id }),
      };
      return this.updates.send(sessionId, configureSessionUpdate, [change], {
        life: newLife(life),
        wanted: true,
      });
    });
    const text = await systemText(this.texts, settings);
    return {
      ...(text !== undefined && { system: text }),
      ...(settings.window && { window: settings.window }),
    };
  }

  private keep(sessionId: string, life: string | undefined, text: string | null): Promise<StoredText | null> {
    if (text === null) return Promise.resolve(null);
    return keepText(this.texts, sessionOwner(sessionId, life), text);
  }

  /** Refuses metadata for which no session has room, before one is created for it. */
  private requireRoomFor(metadata: Metadata | undefined): void {
    if (metadata && sizeAsJson(metadata) > (this.limits.maxMetadataBytes ?? Infinity))
      throw new Refusal('session_metadata_full', 'too large');
  }

  /**
   * Makes a change whose large texts must belong to the session's life. Repeats it if the session is removed, or created by
   * somebody else, before it has the change. Without large texts any life will do, which saves a look.
   */
  private async inLife<T>(
    sessionId: string,
    hasLargeTexts: boolean,
    change: (life: Life) => Promise<T>,
  ): Promise<T> {
    if (!hasLargeTexts) return change({ id: undefined });
    for (let tries = 1; ; tries++) {
      const session = await describeSession(this.temporal, sessionId);
      const runs = session && session.closedAt === undefined;
      const life = runs ? { id: session.life } : { id: randomUUID(), isNew: true as const };
      try {
        return await change(life);
      } catch (error) {
        if (!isOfOtherLife(error) && !(life.isNew && isClosed(error))) throw error;
        if (life.isNew) await this.texts.drop(sessionOwner(sessionId, life.id)).catch(() => undefined);
        if (tries >= maxTries) throw temporalUnavailable(error);
      }
    }
  }
}

/** Returns the life of the session if it is created; undefined if it runs: its life must not be used a second time. */
function newLife({ id, isNew }: Life): string | undefined {
  return isNew ? id : undefined;
}

function isOfOtherLife(error: unknown): boolean {
  return (
    error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'other_life'
  );
}
