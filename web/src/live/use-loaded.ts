/** What a request gives, loaded anew whenever `key` changes and while the node is away; an older answer never replaces a newer one. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { asProblem, type Problem } from '../http.ts';

/** After a problem that passes by itself. */
export const retryMs = 2_000;

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly problem: Problem | undefined;
  readonly reload: () => Promise<void>;
}

export function useLoaded<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [held, setHeld] = useState<{ key: string; value?: T; problem?: Problem }>({ key });
  const latest = useRef(0);
  const loader = useRef(load);
  loader.current = load;

  const reload = useCallback(async () => {
    const turn = ++latest.current;
    try {
      const value = await loader.current();
      if (turn === latest.current) setHeld({ key, value });
    } catch (error) {
      // What was there stays: a node that restarts does not empty the page.
      if (turn === latest.current)
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
