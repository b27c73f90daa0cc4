/** Replays histories on the workflow code of today, in as many processes as there are processors (I8). */
import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { workflowBundlePath } from '../platform/paths.ts';
import type { HistorySource } from './history-source.ts';
import { ReplayLane } from './replay-lane.ts';
import type { Summary, Verdict } from './verdict.ts';

export interface ReplayOptions {
  /** Default: that of the build. */
  readonly workflowBundlePath?: string;
  /** Processes; default: one per processor, at most 8. */
  readonly parallel?: number;
  /** Told as each comes, not in the order of the sources. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

const maxParallel = 8;

/**
 * Sources are taken as they are needed: memory holds no more than one history per process. Throws what `sources` throws,
 * and where there is no bundle.
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
  const tell = (verdict: Verdict): void => {
    counts[verdict.verdict] += 1;
    options.onVerdict?.(verdict);
  };
  const parallel = options.parallel ?? Math.min(maxParallel, availableParallelism());
  await runLanes(sources, { parallel, bundle, tell });
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
  { parallel, bundle, tell }: { parallel: number; bundle: string; tell: (verdict: Verdict) => void },
): Promise<void> {
  const shared = sources[Symbol.asyncIterator]();
  const lanes = Array.from({ length: parallel }, () => new ReplayLane(bundle));
  const run = async (lane: ReplayLane): Promise<void> => {
    for (let next = await shared.next(); !next.done; next = await shared.next()) {
      const { name, history } = next.value;
      if (history instanceof Error) tell({ name, verdict: 'unreadable', message: history.message });
      else tell(await lane.replay({ name, history }));
    }
  };
  try {
    await Promise.all(lanes.map(run));
  } finally {
    for (const lane of lanes) lane.close();
    await shared.return?.();
  }
}
