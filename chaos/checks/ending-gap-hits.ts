/** Judges whether the faults that aim at the moments between a call's end and its session's knowledge of it have hit some. */
import type { Evidence, Finding } from './evidence.ts';

/** A facade tells a session of an ending at the latest after 3 s of quiet; the rest is tolerance. */
const longestGapMs = 4_000;

/** Counts the calls whose ending their session had not taken over when a fault of the kind `ending-gap` killed everything. */
export function endingGapHits({ faults, calls, sessionFacts }: Evidence): number {
  const moments = faults.filter(({ kind }) => kind === 'ending-gap').flatMap((fault) => fault.moments);
  let hits = 0;
  for (const { turnsAsked, endingsTaken } of sessionFacts.values())
    for (const callId of new Set(turnsAsked.map((asked) => asked.callId))) {
      const { endedAt = Infinity, turnNumber } = calls.get(callId) ?? {};
      const taken = endingsTaken.filter((one) => one.callId === callId).map(({ at }) => at);
      const isCaught = moments.some(
        (moment) => endedAt <= moment && moment - endedAt < longestGapMs && moment < Math.min(...taken),
      );
      if (turnNumber !== undefined && isCaught) hits += 1;
    }
  return hits;
}

/** Checks that these faults, if there were any, have hit what they aim at. Otherwise the run has not tested it. */
export function checkEndingGap(evidence: Evidence): Finding[] {
  const { length: checked } = evidence.faults.filter(({ kind }) => kind === 'ending-gap');
  if (checked === 0) return [];
  const hits = endingGapHits(evidence);
  const violations = hits > 0 ? [] : ['no session lacked an ending when everything was killed'];
  const what = 'everything dies before sessions have taken endings over';
  return [{ row: 'faults', what, checked, violations, note: `${hits} endings` }];
}
