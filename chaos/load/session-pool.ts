import type { Random } from '../random.ts';
import type { Journal } from './journal.ts';

const openAtOnce = 6;
/** Calls until a session gives way to a new one: what one holds stays easy to look through. */
const maxCalls = 40;

/** Sessions that the lanes share, so that calls queue for turns. */
export class SessionPool {
  private readonly journal: Journal;
  private readonly open: { id: string; calls: number }[] = [];
  private made = 0;

  constructor(journal: Journal) {
    this.journal = journal;
  }

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

  /** One that nobody else uses. */
  fresh(kind: string, imported: readonly string[] = []): string {
    this.made += 1;
    return this.journal.session(`${kind}-${this.made}`, imported).id;
  }
}
