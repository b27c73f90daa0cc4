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
    const earlier = this.fingerprintsOf(append);
    if (earlier.length > 0) return earlier.includes(fingerprint) ? undefined : 'idempotency_mismatch';
    if (this.book.callsBeside(taken) > 0) return 'session_busy';
    return this.book.refusalOfMore(metadata ? sizeAsJson(metadata) : 0);
  }

  /** Appends the messages, unless the request is a repeat. */
  append(append: Append, nowMs: number): Appended {
    const { id, fingerprint, messages } = append;
    const repeated = this.fingerprintsOf(append).length > 0;
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

  /** Returns the fingerprints of the requests that came with the ids of this one. */
  private fingerprintsOf({ id, earlierIds = [] }: Append): string[] {
    return [id, ...earlierIds].flatMap((one) => this.fingerprints.get(one) ?? []);
  }

  private remember(id: string, fingerprint: string): void {
    this.fingerprints.set(id, fingerprint);
    const [oldest] = this.fingerprints.keys();
    if (this.fingerprints.size > maxRemembered && oldest !== undefined) this.fingerprints.delete(oldest);
  }
}
