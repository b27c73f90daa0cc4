import type { Try } from './call.ts';

/**
 * The time that an agent took, in ms: its tries and the backoff between them. A try that was lost with its worker does not
 * count, nor does the time until the agent was asked again: that is an outage of ours, not of the agent.
 */
export function agentTimeMs(tries: readonly Try[]): number {
  return tries.reduce((sum, one, index) => sum + (one.lost ? 0 : untilNext(one, tries[index + 1])), 0);
}

/** A lost try carries the time at which its loss was noticed, so the pause before it is unknown. */
function untilNext({ at, latencyMs }: Try, next: Try | undefined): number {
  if (!next || next.lost) return latencyMs;
  return Math.max(latencyMs, Date.parse(next.at) - Date.parse(at));
}
