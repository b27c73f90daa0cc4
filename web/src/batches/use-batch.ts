import { useEffect, useState } from 'preact/hooks';
import type { Batch, BatchDescription } from '../../../src/contract/reruns.ts';
import { api } from '../api.ts';
import type { Problem } from '../http.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useStream, type StreamState } from '../live/use-stream.ts';
import { segment } from '../urls.ts';

/** How often the whole batch, with its many items, is read again while its stream shows progress. */
const itemsEveryMs = 2_000;

interface FollowedBatch {
  readonly batch: BatchDescription | undefined;
  readonly problem: Problem | undefined;
  readonly state: StreamState;
}

/** A batch, updated live: its progress comes from a stream, its items from repeated reads. */
export function useBatch(id: string): FollowedBatch {
  const { value, problem, reload } = useLoaded(id, () => api.batch(id));
  const [progress, setProgress] = useState<Batch>();
  const { state } = useStream(value && `/reruns/${segment(id)}/events`, ['progress', 'end'], (name, data) => {
    if (name === 'progress') setProgress(data as Batch);
  });
  const live = progress?.batch_id === id ? progress : undefined;
  const isStale =
    live !== undefined && value !== undefined && (live.done !== value.done || live.status !== value.status);
  const pauseMs = live?.status === 'running' ? itemsEveryMs : 0;
  useEffect(() => {
    if (!isStale) return undefined;
    const timer = setTimeout(() => void reload(), pauseMs);
    return () => clearTimeout(timer);
  }, [isStale, pauseMs, value, reload]);
  return { batch: value && { ...value, ...live }, problem, state };
}
