/** A cache of sessions, bounded by bytes: their contents, and the texts that were read for them from the payload store. */
import { LRUCache } from 'lru-cache';
import { sizeAsJson } from '../../domain/json-bytes.ts';
import { sessionKey } from '../../domain/cache-keys.ts';
import type { SessionContent } from '../../domain/session.ts';

/** Identifies one state of a session. This works because events are only ever appended to a run. */
export interface HistoryMark {
  readonly runId: string;
  readonly historyLength: string;
}

interface KnownSession {
  readonly mark: HistoryMark;
  readonly content: SessionContent;
  readonly contentBytes: number;
  /**
   * The texts of the session by key. A key is a hash of the text, so an entry stays valid when the session's content changes.
   */
  readonly payloads: Map<string, Buffer>;
  readonly payloadBytes: number;
}

/** An upper estimate of the memory that an object takes in addition to its JSON. */
const overheadBytes = { session: 1_024, message: 256 } as const;
/** The largest part of the cache for one session, so that reading a long session does not evict all others. */
const largestShare = 1 / 4;

/** An LRU cache; what it evicts is read from Temporal again. */
export class SessionCache {
  private readonly sessions: LRUCache<string, KnownSession>;
  private readonly largestBytes: number;

  constructor(maxBytes: number) {
    this.largestBytes = Math.floor(maxBytes * largestShare);
    this.sessions = new LRUCache({ maxSize: maxBytes, sizeCalculation: bytesOf });
  }

  /** An upper estimate of the memory that the cache uses, in bytes. */
  get bytes(): number {
    return this.sessions.calculatedSize;
  }

  /** Returns the cached content if it belongs to the given state, otherwise undefined. */
  contentAt(sessionId: string, mark: HistoryMark): SessionContent | undefined {
    const known = this.sessions.get(sessionKey(sessionId));
    if (known?.mark.runId !== mark.runId || known.mark.historyLength !== mark.historyLength) return undefined;
    return known.content;
  }

  /** Replaces the session's content, or drops the session if it is too large. */
  keep(sessionId: string, mark: HistoryMark, content: SessionContent): void {
    const { messages } = content;
    const contentBytes =
      overheadBytes.session + overheadBytes.message * messages.length + sizeAsJson(content);
    const known = this.sessions.peek(sessionKey(sessionId));
    const next = {
      mark,
      content,
      contentBytes,
      payloads: known?.payloads ?? new Map<string, Buffer>(),
      payloadBytes: known?.payloadBytes ?? 0,
    };
    if (bytesOf(next) <= this.largestBytes) this.sessions.set(sessionKey(sessionId), next);
    else this.drop(sessionId);
  }

  payload(sessionId: string, key: string): Buffer | undefined {
    return this.sessions.peek(sessionKey(sessionId))?.payloads.get(key);
  }

  /** Caches a text, if the session's content is cached and the session does not become too large. */
  keepPayload(sessionId: string, key: string, bytes: Buffer): void {
    const known = this.sessions.peek(sessionKey(sessionId));
    if (!known || known.payloads.has(key)) return;
    const next = { ...known, payloadBytes: known.payloadBytes + bytes.length };
    if (bytesOf(next) > this.largestBytes) return;
    known.payloads.set(key, bytes);
    this.sessions.set(sessionKey(sessionId), next);
  }

  drop(sessionId: string): void {
    this.sessions.delete(sessionKey(sessionId));
  }
}

function bytesOf({ contentBytes, payloadBytes }: KnownSession): number {
  return contentBytes + payloadBytes;
}
