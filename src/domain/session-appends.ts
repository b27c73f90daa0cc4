/** The rules of messages that are appended to a session without a call: when they are refused, and that a repeat adds nothing. */
import { sizeAsJson } from './json-bytes.ts';
import type { SessionBook } from './session-book.ts';
import type { Append, AppendRecord, Appended, SessionState } from './session.ts';
import { newMessage } from './turn-text.ts';

/** How many requests are remembered, to recognise their repeats. */
const maxRemembered = 200;

type AppendRefusal =
  'idempotency_mismatch' | 'session_busy' | 'session_metadata_full' | 'payload_store_unavailable';

export class SessionAppends {
  private readonly book: SessionBook;
  /** The fingerprints of the newest requests by their ids, the oldest first. */
  private readonly fingerprints: Map<string, string>;

  constructor(book: SessionBook, { appends = [] }: Pick<SessionState, 'appends'>) {
    this.book = book;
    this.fingerprints = new Map(appends.map(({ id, fingerprint }) => [id, fingerprint]));
  }

  /** Returns why the request is refused; undefined if it is accepted. The update's validator calls this. */
  refusal(append: Append): AppendRefusal | undefined {
    const { fingerprint, metadata, taken = [] } = append;
    const earlier = this.fingerprintOf(append);
    if (earlier !== undefined) return earlier === fingerprint ? undefined : 'idempotency_mismatch';
    if (this.book.callsBeside(taken) > 0) return 'session_busy';
    return this.book.refusalOfMore(metadata ? sizeAsJson(metadata) : 0);
  }

  /** Appends the messages, unless the request is a repeat. */
  append(append: Append, nowMs: number): Appended {
    const { id, fingerprint, messages } = append;
    const repeated = this.fingerprintOf(append) !== undefined;
    if (!repeated) {
      this.remember(id, fingerprint);
      const timestamp = new Date(nowMs).toISOString();
      for (const message of messages) this.book.append(newMessage(message, timestamp));
      this.book.touch(append, timestamp);
    }
    return { count: this.book.count, repeated };
  }

  /** Returns what continue-as-new carries to the next run. */
  state(): Pick<SessionState, 'appends'> {
    const appends = [...this.fingerprints].map(([id, fingerprint]): AppendRecord => ({ id, fingerprint }));
    return appends.length > 0 ? { appends } : {};
  }

  /** Returns the fingerprint with which the request came before; undefined if it did not. */
  private fingerprintOf({ id, earlierIds = [] }: Append): string | undefined {
    const known = [id, ...earlierIds].find((one) => this.fingerprints.has(one));
    return known === undefined ? undefined : this.fingerprints.get(known);
  }

  private remember(id: string, fingerprint: string): void {
    this.fingerprints.set(id, fingerprint);
    const [oldest] = this.fingerprints.keys();
    if (this.fingerprints.size > maxRemembered && oldest !== undefined) this.fingerprints.delete(oldest);
  }
}
