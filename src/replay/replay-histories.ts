/** Replays histories on the current workflow code, in several processes (I8). */
import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { workflowBundlePath } from '../platform/paths.ts';
import type { HistorySource } from './history-source.ts';
import { ReplayLane } from './replay-lane.ts';
import type { Summary, Verdict } from './verdict.ts';

export interface ReplayOptions {
  /** The path of the workflow bundle to replay on. Default: the bundle that `npm run build` wrote. */
  readonly workflowBundlePath?: string;
  /** How many processes replay at the same time. Default: one per processor, at most 8. */
  readonly parallel?: number;
  /** Called with each verdict as soon as it is known, not in the order of the sources. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

const maxParallel = 8;

/**
 * Replays every source. Sources are read only as fast as they are replayed, so memory holds at most one history per process.
 * Throws if there is no workflow bundle, and what `sources` throws; a history that cannot be read only counts as `unreadable`.
 */
export async function replayHistories(
  sources: AsyncIterable<HistorySource>,
  options: ReplayOptions = {},
): Promise<Summary> {
  const bundle = options.workflowBundlePath ?? workflowBundlePath;
  await access(bundle).catch((cause: unknown) => {
    throw new Error(`There is no workflow bundle ${bundle}: run npm run build`, { cause });
  });
  const startedAt = performance.now();
  const counts = { same: 0, non_deterministic: 0, unreadable: 0 };
  const record = (verdict: Verdict): void => {
    counts[verdict.verdict] += 1;
    options.onVerdict?.(verdict);
  };
  const parallel = options.parallel ?? Math.min(maxParallel, availableParallelism());
  await runLanes(sources, { parallel, bundle, record });
  return {
    total: counts.same + counts.non_deterministic + counts.unreadable,
    same: counts.same,
    nonDeterministic: counts.non_deterministic,
    unreadable: counts.unreadable,
    durationMs: Math.round(performance.now() - startedAt),
  };
}

async function runLanes(
  sources: AsyncIterable<HistorySource>,
  { parallel, bundle, record }: { parallel: number; bundle: string; record: (verdict: Verdict) => void },
): Promise<void> {
  const shared = sources[Symbol.asyncIterator]();
  const lanes = Array.from({ length: parallel }, () => new ReplayLane(bundle));
  const run = async (lane: ReplayLane): Promise<void> => {
    for (let next = await shared.next(); !next.done; next = await shared.next()) {
      const { name, history } = next.value;
      if (history instanceof Error) record({ name, verdict: 'unreadable', message: history.message });
      else record(await lane.replay({ name, history }));
    }
  };
  try {
    await Promise.all(lanes.map(run));
  } finally {
    for (const lane of lanes) lane.close();
    await shared.return?.();
  }
}
