/** Counts what is under way, in all and for each key, and lets no more begin than the bounds say. Nobody waits for a turn. */
export class InFlight {
  private readonly most: number;
  private readonly mostOfKey: number;
  private count = 0;
  private readonly keys = new Map<string, number>();

  constructor(most: number, mostOfKey: number) {
    this.most = most;
    this.mostOfKey = mostOfKey;
  }

  /** Runs `work` if there is room, and returns what it returns; or `busy`. `takeKey` takes room of a key, until `work` ends. */
  async run<T>(work: (takeKey: (key: string) => boolean) => Promise<T>): Promise<T | 'busy'> {
    if (this.count >= this.most) return 'busy';
    this.count += 1;
    const taken: string[] = [];
    try {
      return await work((key) => {
        const count = this.keys.get(key) ?? 0;
        if (count >= this.mostOfKey) return false;
        this.keys.set(key, count + 1);
        taken.push(key);
        return true;
      });
    } finally {
      this.count -= 1;
      for (const key of taken) this.free(key);
    }
  }

  private free(key: string): void {
    const left = (this.keys.get(key) ?? 0) - 1;
    if (left > 0) this.keys.set(key, left);
    else this.keys.delete(key);
  }
}
