export type Verdict =
  | { name: string; verdict: 'same' }
  | {
      name: string;
      verdict: 'non_deterministic';
      eventId: number | null;
      expected: string | null;
      message: string;
    }
  | { name: string; verdict: 'unreadable'; message: string };
export interface Summary {
  total: number;
  same: number;
  nonDeterministic: number;
  unreadable: number;
  durationMs: number;
}
export declare function replayHistories(
  sources: AsyncIterable<{ name: string; history: unknown }>,
  options: { workflowBundlePath?: string; parallel?: number; onVerdict?: (v: Verdict) => void },
): Promise<Summary>;
