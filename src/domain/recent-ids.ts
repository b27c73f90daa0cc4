/** Remembers the last `max` distinct ids, in the order in which they were first added. */
export class RecentIds {
  private readonly ids: Set<string>;
  private readonly max: number;

  constructor(max: number, ids: Iterable<string> = []) {
    this.max = max;
    this.ids = new Set(ids);
  }

  get isEmpty(): boolean {
    return this.ids.size === 0;
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  add(id: string): void {
    this.ids.add(id);
    const [oldest] = this.ids;
    if (this.ids.size > this.max && oldest !== undefined) this.ids.delete(oldest);
  }

  list(): string[] {
    return [...this.ids];
  }
}
