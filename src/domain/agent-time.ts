import type { Try } from './call.ts';

/**
 * Returns the time that an agent took, in ms: its tries and the backoff between them. A try that was lost with its worker does
 * not count, nor does the time until the agent was asked again, because that is an outage of Holdfast and not of the agent.
 */
export function agentTimeMs(tries: readonly Try[]): number {
  return tries.reduce((sum, one, index) => sum + (one.lost ? 0 : untilNext(one, tries[index + 1])), 0);
}

/**
 * Returns the time in ms from the start of a try to the next one, or the try's own latency if no next one is known. A lost try
 * has as its start the time at which the loss was noticed, so the pause before it is unknown.
 */
function untilNext({ at, latencyMs }: Try, next: Try | undefined): number {
  if (!next || next.lost) return latencyMs;
  return Math.max(latencyMs, Date.parse(next.at) - Date.parse(at));
}
