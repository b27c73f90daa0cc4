import type { Try } from './call.ts';

/**
 * How long an agent took in ms: its tries and the pauses between them, but neither a try that was lost with its worker nor
 * the time until it was asked again, which is our outage.
 */
export function agentTimeMs(tries: readonly Try[]): number {
  return tries.reduce((sum, one, index) => sum + (one.lost ? 0 : untilNext(one, tries[index + 1])), 0);
}

/** A lost try is dated when it was missed, so nothing is known of the pause before it. */
function untilNext({ at, latencyMs }: Try, next: Try | undefined): number {
  if (!next || next.lost) return latencyMs;
  return Math.max(latencyMs, Date.parse(next.at) - Date.parse(at));
}
