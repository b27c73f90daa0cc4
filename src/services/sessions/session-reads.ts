/**
 * Reads sessions: from memory if one cheap RPC says that the session has not changed, otherwise by a query of the workflow.
 * docs/adr/0016-reads-from-memory.md explains why a read always sees what was committed before it.
 */
import { sessionWorkflowId } from '../../domain/ids.ts';
import { sessionKey } from '../../domain/cache-keys.ts';
import type { SessionContent } from '../../domain/session.ts';
import { CoalescedReads } from '../../lib/coalesced-reads.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { readSessionQuery } from '../../workflows/messages.ts';
import { SessionCache, type HistoryMark } from './session-cache.ts';
import { describeSession } from './session-stored.ts';
import type { SessionEndings } from './session-endings.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { wholeSession, type WholeSession } from './whole-session.ts';

/** Reads sessions. Reads return undefined if the session does not run, and throw the refusal `temporal_unavailable`. */
export class SessionReads {
  private readonly temporal: Temporal;
  private readonly texts: TextStore;
  private readonly known: SessionCache | undefined;
  private readonly coalesced = new CoalescedReads<SessionContent | undefined>();

  private readonly endings: SessionEndings;

  /** `maxBytes` is the size of the cache. With 0 every read is a query. */
  constructor(temporal: Temporal, texts: TextStore, maxBytes: number, endings: SessionEndings) {
    this.endings = endings;
    this.temporal = temporal;
    this.texts = texts;
    this.known = maxBytes > 0 ? new SessionCache(maxBytes) : undefined;
  }

  /** Reads a session through the cache. Concurrent reads of one session are coalesced. */
  async read(sessionId: string): Promise<WholeSession | undefined> {
    const { known } = this;
    if (!known) return this.readUncached(sessionId);
    const content = await this.coalesced.read(sessionKey(sessionId), () =>
      this.settled(sessionId, () => this.readCached(known, sessionId)),
    );
    return content && wholeSession({ read: (key) => this.payload(known, sessionId, key) }, content);
  }

  /** Reads a session without the cache, for callers that read each session once. */
  async readUncached(sessionId: string): Promise<WholeSession | undefined> {
    const content = await this.content(sessionId);
    return content && wholeSession(this.texts, content);
  }

  /** Reads the content that the session itself holds, without the cache. */
  content(sessionId: string): Promise<SessionContent | undefined> {
    return this.settled(sessionId, () => rpc(this.temporal, rpcTimeoutMs.read, () => this.query(sessionId)));
  }

  /**
   * Reads the session's content. If the call that holds the turn has ended, tells the session and reads again: that call's
   * client may have the answer already.
   */
  private async settled(
    sessionId: string,
    read: () => Promise<SessionContent | undefined>,
  ): Promise<SessionContent | undefined> {
    const content = await read();
    if (content?.holderId === undefined) return content;
    return (await this.endings.settle(sessionId, content.holderId)) ? read() : content;
  }

  /** Drops the session from the cache. */
  forget(sessionId: string): void {
    this.known?.drop(sessionId);
  }

  private async readCached(known: SessionCache, sessionId: string): Promise<SessionContent | undefined> {
    const { mark, content } = await rpc(this.temporal, rpcTimeoutMs.read, async () => {
      // The mark is read before the content, so that cached content is never older than its mark.
      const markNow = await this.mark(sessionId);
      const contentThen = markNow && known.contentAt(sessionId, markNow);
      return { mark: markNow, content: contentThen ?? (await this.query(sessionId)) };
    });
    // Cached only at the end of this read: whoever gets this content from the cache began to read after it was read here.
    if (!mark || !content) known.drop(sessionId);
    else if (known.contentAt(sessionId, mark) !== content) known.keep(sessionId, mark, content);
    return content;
  }

  /** Returns the mark of the session's current state. Undefined if the session does not run. */
  private async mark(sessionId: string): Promise<HistoryMark | undefined> {
    const session = await describeSession(this.temporal, sessionId);
    if (!session || session.closedAt !== undefined) return undefined;
    return { runId: session.runId, historyLength: String(session.historyLength) };
  }

  private async query(sessionId: string): Promise<SessionContent | undefined> {
    try {
      const handle = this.temporal.client.workflow.getHandle(sessionWorkflowId(sessionId));
      return (await handle.query(readSessionQuery)) ?? undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private async payload(known: SessionCache, sessionId: string, key: string): Promise<Buffer> {
    const kept = known.payload(sessionId, key);
    if (kept) return kept;
    const bytes = await this.texts.read(key);
    known.keepPayload(sessionId, key, bytes);
    return bytes;
  }
}
