/** Remembers which calls of a session were interrupted, and by which call. Keeps the last `max` of them. */
export class SupersededCalls {
  private readonly by: Map<string, string>;
  private readonly max: number;

  constructor(max: number, known: Readonly<Record<string, string>> = {}) {
    this.max = max;
    this.by = new Map(Object.entries(known));
  }

  has(callId: string): boolean {
    return this.by.has(callId);
  }

  /** Returns the call that interrupted this one. Undefined if none has, or if that is forgotten. */
  get(callId: string): string | undefined {
    return this.by.get(callId);
  }

  /** Records the interruption. The first one of a call counts. */
  add(callId: string, by: string): void {
    if (this.by.has(callId)) return;
    this.by.set(callId, by);
    const [oldest] = this.by.keys();
    if (this.by.size > this.max && oldest !== undefined) this.by.delete(oldest);
  }

  /** Returns what the state for the next run carries. */
  state(): { readonly superseded?: Readonly<Record<string, string>> } {
    return this.by.size > 0 ? { superseded: Object.fromEntries(this.by) } : {};
  }
}
