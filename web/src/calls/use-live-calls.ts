import { useState } from 'preact/hooks';
import type { FilterValues } from '../api.ts';
import { queryString } from '../http.ts';
import { useStream, type Stream } from '../live/use-stream.ts';
import type { CallSummary, Counts } from '../wire.ts';

interface FirstPage {
  readonly calls: readonly CallSummary[];
  readonly counts: Counts;
}

/** The newest calls of a filter and how many there are, as they are now. */
export function useLiveCalls(asked: FilterValues): Stream & { page: FirstPage | undefined } {
  const path = `/calls/live${queryString({ ...asked, limit: 50 })}`;
  const [held, setHeld] = useState<FirstPage & { path: string }>();
  const stream = useStream(path, ['calls'], (_name, data) => setHeld({ ...(data as FirstPage), path }));
  return { page: held?.path === path ? held : undefined, ...stream };
}
