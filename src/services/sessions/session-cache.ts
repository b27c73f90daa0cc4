/** Contents of sessions in memory, bounded by bytes, each with what was read for it from the payload store. */
import { LRUCache } from 'lru-cache';
import { sizeAsJson } from '../../domain/json-bytes.ts';
import { sessionKey } from '../../domain/keys.ts';
import type { SessionContent } from '../../domain/session.ts';

/** Events of one run are only ever appended: the two name one state of a session. */
export interface HistoryMark {
  readonly runId: string;
  readonly historyLength: string;
}

interface KnownSession {
  readonly mark: HistoryMark;
  readonly content: SessionContent;
  readonly contentBytes: number;
  /** By key; content-addressed, so they hold for later contents too. */
  readonly payloads: Map<string, Buffer>;
  readonly payloadBytes: number;
}

/** What objects take beside their JSON, roughly and rather too much: of a session, of a message. */
const overheadBytes = { session: 1_024, message: 256 } as const;
/** One session takes at most this part: reading a long one through does not push out all others. */
const largestShare = 1 / 4;

export class KnownSessions {
  private readonly sessions: LRUCache<string, KnownSession>;
  private readonly largestBytes: number;

  constructor(maxBytes: number) {
    this.largestBytes = Math.floor(maxBytes * largestShare);
    this.sessions = new LRUCache({ maxSize: maxBytes, sizeCalculation: bytesOf });
  }

  /** Counted rather too high, see above. */
  get bytes(): number {
    return this.sessions.calculatedSize;
  }

  contentAt(sessionId: string, mark: HistoryMark): SessionContent | undefined {
    const known = this.sessions.get(sessionKey(sessionId));
    if (known?.mark.runId !== mark.runId || known.mark.historyLength !== mark.historyLength) return undefined;
    return known.content;
  }

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

  /** Only beside its session's content, and while there is room. */
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
