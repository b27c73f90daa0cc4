import { useState } from 'preact/hooks';
import type { LiveCalls } from '../../../src/contract/call-events.ts';
import type { FilterValues } from '../api.ts';
import { useKept } from '../live/use-kept.ts';
import { useStream, type Stream } from '../live/use-stream.ts';
import { queryString } from '../urls.ts';

/** The first 50 calls that match the filter, and the counts by status, updated live by a stream. */
export function useLiveCalls(asked: FilterValues): Stream & { page: LiveCalls | undefined } {
  const path = `/calls/live${queryString({ ...asked, include: 'prompt', limit: 50 })}`;
  const [held, setHeld] = useState<LiveCalls & { path: string }>();
  // Who comes back sees at once what was shown before.
  const [last, setLast] = useKept<LiveCalls | undefined>('live', undefined);
  const stream = useStream(path, ['calls'], (_name, data) => {
    setHeld({ ...(data as LiveCalls), path });
    setLast(() => data as LiveCalls);
  });
  return { page: held?.path === path ? held : last, ...stream };
}
