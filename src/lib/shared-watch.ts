/** One watch for all who follow the same thing; it begins with the first of them and ends with the last. */

/** Publishes values until `signal` aborts or there is nothing more to come; a failure reaches every follower. */
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

  /** Subjects of one key are the same. */
  constructor(watcher: Watcher<S, V>, keyOf: (subject: S) => string) {
    this.watcher = watcher;
    this.keyOf = keyOf;
  }

  /** Things that are watched now. */
  get size(): number {
    return this.watches.size;
  }

  /** The value as it is and whenever it has changed; one who is slow misses values in between, never the last. */
  async *follow(subject: S, signal: AbortSignal): AsyncGenerator<V> {
    const key = this.keyOf(subject);
    const watch = this.watches.get(key) ?? this.begin(key, subject);
    let wake = (): void => undefined;
    const onNews = (): void => wake();
    watch.followers.add(onNews);
    signal.addEventListener('abort', onNews);
    try {
      for (let seen: Watch<V>['latest']; !signal.aborted;) {
        const { latest, over } = watch;
        if (latest && latest !== seen) yield (seen = latest).value;
        else if (over) {
          if ('error' in over) throw over.error;
          return;
        } else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', onNews);
      watch.followers.delete(onNews);
      if (watch.followers.size === 0) this.end(key, watch);
    }
  }

  private begin(key: string, subject: S): Watch<V> {
    const watch: Watch<V> = { controller: new AbortController(), followers: new Set() };
    this.watches.set(key, watch);
    const tell = (): void => {
      for (const wake of watch.followers) wake();
    };
    const publish = (value: V): void => {
      watch.latest = { value };
      tell();
    };
    this.watcher(subject, publish, watch.controller.signal).then(
      () => {
        watch.over = {};
        this.end(key, watch);
        tell();
      },
      (error: unknown) => {
        watch.over = { error };
        this.end(key, watch);
        tell();
      },
    );
    return watch;
  }

  private end(key: string, watch: Watch<V>): void {
    watch.controller.abort();
    if (this.watches.get(key) === watch) this.watches.delete(key);
  }
}
