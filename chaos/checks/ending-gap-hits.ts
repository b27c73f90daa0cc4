/** Judges whether the faults that aim at the moments between a call's end and its session's knowledge of it have hit some. */
import { callIdOf } from '../load/call-request.ts';
import type { Evidence, Finding } from './evidence.ts';

/** A facade tells a session of an ending at the latest after 3 s of quiet; the rest is tolerance. */
const longestGapMs = 4_000;

interface Gaps {
  /** Calls that such a fault made, that ended just before its kill, and whose session has not been removed since. */
  readonly ended: number;
  /** All calls whose ending their session had not taken over when such a fault killed everything. */
  readonly hits: number;
}

/** Counts the calls whose ending their session had not taken over when a fault of the kind `ending-gap` killed everything. */
export function endingGapHits(evidence: Evidence): number {
  return gapsOf(evidence).hits;
}

function gapsOf({ faults, calls, sessionFacts, requests }: Evidence): Gaps {
  const own = new Set(requests.filter(({ step }) => step === 'ending-gap').map(callIdOf));
  const moments = faults.filter(({ kind }) => kind === 'ending-gap').flatMap((fault) => fault.moments);
  let ended = 0;
  let hits = 0;
  for (const { turnsAsked, endingsTaken } of sessionFacts.values())
    for (const callId of new Set(turnsAsked.map((asked) => asked.callId))) {
      const { endedAt = Infinity, turnNumber } = calls.get(callId) ?? {};
      const before = moments.filter((moment) => endedAt <= moment && moment - endedAt < longestGapMs);
      if (turnNumber === undefined || before.length === 0) continue;
      if (own.has(callId)) ended += 1;
      const taken = endingsTaken.filter((one) => one.callId === callId).map(({ at }) => at);
      if (before.some((moment) => moment < Math.min(...taken))) hits += 1;
    }
  return { ended, hits };
}

/**
 * Checks that these faults, if there were any, have hit what they aim at. Otherwise the run has not tested it. A later cleanup
 * may have removed all sessions that would show it.
 */
export function checkEndingGap(evidence: Evidence): Finding[] {
  const { length: checked } = evidence.faults.filter(({ kind }) => kind === 'ending-gap');
  if (checked === 0) return [];
  const { ended, hits } = gapsOf(evidence);
  const violations =
    ended > 0 && hits === 0 ? ['no session lacked an ending when everything was killed'] : [];
  const what = 'everything dies before sessions have taken endings over';
  return [{ row: 'faults', what, checked, violations, note: `${hits} endings` }];
}
