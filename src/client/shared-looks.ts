interface Line<T> {
  readonly current: Promise<T>;
  next?: Promise<T>;
}

/**
 * Looks at one thing come one after the other, and who asks while one is under way shares the next: what everyone is
 * told was looked at after they asked.
 */
export class SharedLooks<T> {
  private readonly lines = new Map<string, Line<T>>();

  /** A look that fails, fails for those who wait for the next one too. */
  share(key: string, look: () => Promise<T>): Promise<T> {
    const line = this.lines.get(key);
    if (!line) return this.begin(key, look);
    return (line.next ??= line.current.then(() => this.begin(key, look)));
  }

  private begin(key: string, look: () => Promise<T>): Promise<T> {
    const line: Line<T> = { current: look() };
    this.lines.set(key, line);
    const failed = (): void => void this.lines.delete(key);
    const done = (): void => {
      if (!line.next) this.lines.delete(key);
    };
    line.current.then(done, failed);
    return line.current;
  }
}
