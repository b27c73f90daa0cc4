import type { Summary, Verdict } from './verdict.ts';

export declare function replayHistories(
  sources: AsyncIterable<{ name: string; history: unknown }>,
  options: { workflowBundlePath?: string; parallel?: number; onVerdict?: (v: Verdict) => void },
): Promise<Summary>;
