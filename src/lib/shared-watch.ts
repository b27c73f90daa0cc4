/**
 * Shares one watch among all followers of the same subject. The watch starts with the first follower and ends with the last.
 */

/**
 * Watches a subject: publishes values until `signal` aborts or no more values will come. Every follower gets the error that it
 * throws.
 */
export type Watcher<S, V> = (subject: S, publish: (value: V) => void, signal: AbortSignal) => Promise<void>;

interface Watch<V> {
  readonly controller: AbortController;
  readonly followers: Set<() => void>;
  latest?: { readonly value: V };
  over?: { readonly error?: unknown };
}

export class SharedWatch<S, V> {
  private readonly watcher: Watcher<S, V>;
  private readonly keyOf: (subject: S) => string;
  private readonly watches = new Map<string, Watch<V>>();

  /** `keyOf` returns the key of a subject. Subjects with equal keys share a watch. */
  constructor(watcher: Watcher<S, V>, keyOf: (subject: S) => string) {
    this.watcher = watcher;
    this.keyOf = keyOf;
  }

  /** How many subjects are watched now. */
  get size(): number {
    return this.watches.size;
  }

  /**
   * Yields the current value, then every change, until `signal` aborts or the watch ends. A slow follower may miss values in
   * between, but never the latest. Throws what the watcher throws.
   */
  async *follow(subject: S, signal: AbortSignal): AsyncGenerator<V> {
    const key = this.keyOf(subject);
    const watch = this.watches.get(key) ?? this.begin(key, subject);
    let resume = (): void => undefined;
    const onChange = (): void => resume();
    watch.followers.add(onChange);
    signal.addEventListener('abort', onChange);
    try {
      for (let seen: Watch<V>['latest']; !signal.aborted;) {
        const { latest, over } = watch;
        if (latest && latest !== seen) yield (seen = latest).value;
        else if (over) {
          if ('error' in over) throw over.error;
          return;
        } else await new Promise<void>((resolve) => (resume = resolve));
      }
    } finally {
      signal.removeEventListener('abort', onChange);
      watch.followers.delete(onChange);
      if (watch.followers.size === 0) this.end(key, watch);
    }
  }

  private begin(key: string, subject: S): Watch<V> {
    const watch: Watch<V> = { controller: new AbortController(), followers: new Set() };
    this.watches.set(key, watch);
    const notify = (): void => {
      for (const onChange of watch.followers) onChange();
    };
    const publish = (value: V): void => {
      watch.latest = { value };
      notify();
    };
    this.watcher(subject, publish, watch.controller.signal).then(
      () => {
        watch.over = {};
        this.end(key, watch);
        notify();
      },
      (error: unknown) => {
        watch.over = { error };
        this.end(key, watch);
        notify();
      },
    );
    return watch;
  }

  private end(key: string, watch: Watch<V>): void {
    watch.controller.abort();
    if (this.watches.get(key) === watch) this.watches.delete(key);
  }
}
