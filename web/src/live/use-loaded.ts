/** Loads data with a request. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { asProblem, type Problem } from '../http.ts';

/** Pause before a request is repeated after a transient problem. */
export const retryMs = 2_000;

/** The state of the data. After a failed reload it has both the previous value and the problem. */
export interface Loaded<T> {
  readonly value: T | undefined;
  readonly problem: Problem | undefined;
  readonly reload: () => Promise<void>;
}

/**
 * Loads a value. Loads it again whenever `key` changes, on `reload`, and after a transient problem. If requests overlap, only
 * the answer to the latest one counts.
 */
export function useLoaded<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [held, setHeld] = useState<{ key: string; value?: T; problem?: Problem }>({ key });
  const latest = useRef(0);
  const loader = useRef(load);
  loader.current = load;

  const reload = useCallback(async () => {
    const request = ++latest.current;
    try {
      const value = await loader.current();
      if (request === latest.current) setHeld({ key, value });
    } catch (error) {
      // The last value stays, so that a restart of the node does not empty the page.
      if (request === latest.current)
        setHeld((before) => ({ ...(before.key === key && before), key, problem: asProblem(error) }));
    }
  }, [key]);
  useEffect(() => {
    void reload();
    return () => {
      latest.current += 1;
    };
  }, [reload]);
  const { problem } = held;
  useEffect(() => {
    if (!problem?.transient) return undefined;
    const timer = setTimeout(() => void reload(), retryMs);
    return () => clearTimeout(timer);
  }, [problem, reload]);
  const current = held.key === key ? held : undefined;
  return { value: current?.value, problem: current?.problem, reload };
}
