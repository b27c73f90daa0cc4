import type { Evidence } from './evidence.ts';

/** Counts the calls whose facade was stopped or killed in the gap between the request for their turn and their start. */
export function turnGapHits({ faults, calls, sessionFacts }: Evidence): number {
  const moments = faults.flatMap((fault) => fault.moments);
  const caught = new Set<string>();
  for (const { turnsAsked } of sessionFacts.values())
    for (const { callId, at } of turnsAsked) {
      const startedAt = calls.get(callId)?.startedAt ?? Infinity;
      if (moments.some((moment) => at <= moment && moment < startedAt && moment - at < 2_000))
        caught.add(callId);
    }
  return caught.size;
}
