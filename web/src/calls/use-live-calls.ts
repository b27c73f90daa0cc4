import { useState } from 'preact/hooks';
import type { LiveCalls } from '../../../src/contract/call-events.ts';
import type { FilterValues } from '../api.ts';
import { queryString } from '../urls.ts';
import { useStream, type Stream } from '../live/use-stream.ts';

/** The newest 50 calls that match the filter, and the counts by status, updated live by a stream. */
export function useLiveCalls(asked: FilterValues): Stream & { page: LiveCalls | undefined } {
  const path = `/calls/live${queryString({ ...asked, limit: 50 })}`;
  const [held, setHeld] = useState<LiveCalls & { path: string }>();
  const stream = useStream(path, ['calls'], (_name, data) => setHeld({ ...(data as LiveCalls), path }));
  return { page: held?.path === path ? held : undefined, ...stream };
}
