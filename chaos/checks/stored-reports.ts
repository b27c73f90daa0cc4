/**
 * Checks that `session_stored` is honest, in the answers that clients got and in what the API says of every call at the end of
 * the run.
 */
import { callIdOf, type ReportedEnding } from '../load/call-request.ts';
import type { CallFacts, CallView, Evidence, Finding } from './evidence.ts';
import { callsMayBeGone, mayBeClosedUnder, mayBeGoneBy, mayBeRemoved } from './removals.ts';

/** A call of a session that has ended. */
interface EndedCall {
  readonly sessionId: string;
  readonly facts: CallFacts;
  readonly view: CallView;
  /** Whether the session has messages of the call at the end of the run. */
  readonly isThere: boolean;
}

export function checkStoredReports(evidence: Evidence): Finding {
  const violations: string[] = [];
  let checked = 0;
  const told = toldBy(evidence);
  for (const [callId, facts] of evidence.calls) {
    const { sessionId } = facts;
    const view = evidence.views.get(callId);
    // If calls may be deleted, the same key may have made a second call with the same id.
    if (!view || sessionId === undefined || callsMayBeGone(evidence, sessionId)) continue;
    const isThere = (evidence.sessions.get(sessionId) ?? []).some((message) => message.callId === callId);
    const call = { sessionId, facts, view, isThere };
    const reports = told.get(callId) ?? [];
    const faults = [
      ...reports.flatMap((report) => toldFault(call, report, evidence)),
      ...finalFault(call, evidence),
    ];
    violations.push(...faults.map((fault) => `${sessionId}: ${callId}: ${fault}`));
    checked += reports.length + 1;
  }
  return { row: 'I4', what: 'session_stored is honest', checked, violations };
}

function toldBy({ requests }: Evidence): Map<string, readonly ReportedEnding[]> {
  return new Map(
    requests.flatMap((request) => {
      const callId = callIdOf(request);
      return callId === undefined ? [] : [[callId, request.endings] as const];
    }),
  );
}

/** Finds what a client was told wrongly. The answer to `POST /call` is `null` also if Temporal does not say more in time. */
function toldFault(call: EndedCall, { sessionStored, at, to }: ReportedEnding, evidence: Evidence): string[] {
  const { sessionId, facts, isThere } = call;
  if (sessionStored === true) {
    const isKept = isThere || mayBeRemoved(evidence, sessionId, facts);
    return isKept ? [] : ['a client was told that the session stores its turn, which is missing'];
  }
  if (sessionStored === null && (to === 'call' || isCancelled(call))) return [];
  if (sessionStored === false && isThere)
    return ['a client was told that the session is gone, but its turn exists'];
  // Once the session is removed, `POST /call` says false: nothing of the turn is left.
  const explained =
    sessionStored === false && to === 'read'
      ? isLeftOut(call, evidence)
      : leavesNothing(call) || mayBeGoneBy(evidence, sessionId, facts, at);
  return explained ? [] : [`a client was told ${String(sessionStored)}, and nothing had removed the session`];
}

/**
 * Finds what the API says wrongly at the end of the run. Every session runs then, since it was probed. So `true` means that the
 * life that granted the turn still runs, and no removal explains a missing turn.
 */
function finalFault(call: EndedCall, evidence: Evidence): string[] {
  const { sessionId, facts, view, isThere } = call;
  switch (view.sessionStored) {
    case true:
      return isThere ? [] : ['reports that the session stores its turn, which is missing'];
    case false:
      if (isThere) return ['reports that the session is gone, but its turn exists'];
      return isLeftOut(call, evidence) ? [] : ['reports that the session is gone'];
    case null:
      if (isCancelled(call) || (!isThere && mayBeGoneBy(evidence, sessionId, facts, Infinity))) return [];
      return ['does not say whether the session stores its turn'];
  }
}

/** Whether the call leaves nothing, or the session was closed before its end. */
function isLeftOut(call: EndedCall, evidence: Evidence): boolean {
  return leavesNothing(call) || mayBeClosedUnder(evidence, call.sessionId, call.facts);
}

/** Whether the call was cancelled while it waited for its turn. Then it leaves nothing. */
function leavesNothing({ facts, view }: EndedCall): boolean {
  return view.status === 'cancelled' && facts.turnNumber === undefined;
}

/** What a cancelled call has stored is known only from its workflow, which may be unreadable for a while. */
function isCancelled({ view }: EndedCall): boolean {
  return view.status === 'cancelled';
}
