import type { Random } from '../random.ts';
import type { Journal } from './journal.ts';

const openAtOnce = 6;
/** A session is replaced by a new one after this many calls, so that its messages stay easy to read. */
const maxCalls = 40;

/** Sessions that the lanes share, so that calls queue for turns. */
export class SessionPool {
  private readonly journal: Journal;
  private readonly open: { id: string; calls: number }[] = [];
  private made = 0;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  /** Returns the id of a shared session, chosen at random. */
  pick(random: Random): string {
    const place = random.whole(0, openAtOnce - 1);
    const current = this.open[place];
    if (current && current.calls < maxCalls) {
      current.calls += 1;
      return current.id;
    }
    const id = this.fresh('shared');
    this.open[place] = { id, calls: 1 };
    return id;
  }

  /** Returns the id of a new session that no other lane uses. `imported` are the user messages it will be imported with. */
  fresh(kind: string, imported: readonly string[] = []): string {
    this.made += 1;
    return this.journal.session(`${kind}-${this.made}`, imported).id;
  }
}
