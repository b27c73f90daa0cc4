/**
 * Numbered changes that a workflow keeps, until they are appended to the log. They are read while somebody wants them. Which of
 * them the log has, each segment says, so that the next reader neither loses nor doubles one.
 */
import type { ToldChange } from '../../domain/feed-event.ts';

interface Numbered {
  readonly at: number;
  readonly sequence: number;
}

/** The changes after one of them, or all that are kept, oldest first. */
export interface NumberedChanges<E extends Numbered> {
  readonly series: string;
  /** The number of the newest change. */
  readonly sequence: number;
  readonly changes: readonly E[];
}

export interface ChangeParts<E extends Numbered> {
  /** What the changes are, in the plural, for errors. */
  readonly what: string;
  readonly read: (told: ToldChange | undefined) => Promise<NumberedChanges<E>>;
  /** Whether somebody wants the changes, as far as it is known. */
  readonly isWanted: () => boolean;
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
  /** Called with each error. The reader goes on. */
  readonly onFailed: (error: unknown) => void;
}

/** How often changes are read at most. */
const lookMs = 3_000;

export class ChangeSource<E extends Numbered> {
  private readonly parts: ChangeParts<E>;
  /** The newest change that the log has. Undefined while nobody wants any. */
  private told: ToldChange | undefined;
  /** `told` once `changes` are in the log too. */
  private next: ToldChange | undefined;
  private changes: readonly E[] = [];
  private lookedAt = -Infinity;
  /** When nobody wanted changes for the last time: what was before is not told. */
  private unwantedAt: number;

  /** `told` is where the reader before has ended. If nobody wanted changes then, those since `unwantedAt` are told. */
  constructor(parts: ChangeParts<E>, told: ToldChange | undefined, unwantedAt: number) {
    this.parts = parts;
    this.told = this.next = told;
    this.unwantedAt = unwantedAt;
  }

  /** The newest change that the log has, for the next reader. */
  get place(): ToldChange | undefined {
    return this.told;
  }

  /** The newest change that the log has once what waits is appended. */
  get nextPlace(): ToldChange | undefined {
    return this.next;
  }

  get waiting(): readonly E[] {
    return this.changes;
  }

  /** Begins anew after the newest change that the log has. What is not in the log is found again. */
  resume(told: ToldChange | undefined): void {
    this.told = this.next = told;
    this.changes = [];
    this.lookedAt = -Infinity;
  }

  /**
   * Reads what has changed, at most every three seconds. `knownAt` is when all subscriptions were read just now; without it, it
   * is not decided that nobody wants changes, since those who do may be unknown. Does not throw.
   */
  async look(knownAt?: number): Promise<void> {
    const { isWanted, now, onFailed } = this.parts;
    const at = now();
    if (!isWanted()) {
      if (knownAt === undefined) return;
      this.unwantedAt = knownAt;
      this.told = this.next = undefined;
      this.changes = [];
    } else if (at - this.lookedAt >= lookMs) {
      this.lookedAt = at;
      await this.read().catch(onFailed);
    }
  }

  /** Call this once a segment with what waits is appended. */
  appended(): void {
    this.told = this.next;
    this.changes = [];
  }

  private async read(): Promise<void> {
    const { what, read, onFailed } = this.parts;
    const { series, sequence, changes } = await read(this.told);
    this.changes = this.told ? changes : changes.filter(({ at }) => at > this.unwantedAt);
    this.next = { series, sequence };
    const [first] = this.changes;
    if (!first) this.told = this.next;
    const last = this.told?.series === series ? this.told.sequence : 0;
    if (this.told && first && first.sequence > last + 1)
      onFailed(new Error(`${first.sequence - last - 1} ${what} came too fast to be read`));
  }
}
