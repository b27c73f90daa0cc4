/** Checks I1 and I2: every accepted call exists and has ended exactly once; a refused call never ran. */
import { callIdOf, outcomeOf, type ReportedEnding, type CallRequest } from '../load/call-request.ts';
import type { CallView, Evidence, Finding } from './evidence.ts';
import { callsMayBeGone } from './removals.ts';

export function checkEndedOnce(evidence: Evidence): Finding {
  const { requests, calls, endsReadAgain, observedViolations } = evidence;
  const violations = observedViolations.filter(({ row }) => row === 'I1 I2').map(({ text }) => text);
  for (const request of requests) violations.push(...faultsOf(request, evidence), ...refusalsOf(request));
  violations.push(...callsNobodyMade(evidence));
  return {
    row: 'I1 I2',
    what: 'every accepted call ended once, nothing refused ran',
    checked: requests.length + calls.size,
    violations,
    ...(endsReadAgain > 0 && {
      note: `${endsReadAgain} were read again: the first answer said that they had ended but not how`,
    }),
  };
}

function faultsOf(request: CallRequest, evidence: Evidence): string[] {
  const { calls, views } = evidence;
  const callId = callIdOf(request);
  if (callId === undefined || callsMayBeGone(evidence, request.body.session_id)) return [];
  const name = `#${request.number} ${callId}`;
  const facts = calls.get(callId);
  const view = views.get(callId);
  if (!facts || !view) return [`${name}: accepted and lost`];
  const faults: string[] = [];
  if (facts.runs !== 1) faults.push(`${name}: ran ${facts.runs} times`);
  if (facts.endings !== 1) faults.push(`${name}: ended ${facts.endings} times`);
  if (view.status === 'running') faults.push(`${name}: has not ended`);
  if (view.status === 'cancelled' && !request.cancelAsked)
    faults.push(`${name}: cancelled, though nobody asked for it`);
  for (const reported of request.endings)
    if (!isSame(reported, view))
      faults.push(`${name}: reported ${JSON.stringify(reported)}, is ${JSON.stringify(view)}`);
  return faults;
}

/**
 * Returns a violation for each submission that was refused because its session does not exist. A call creates the session that
 * it names, so this must never happen.
 */
function refusalsOf({ number, submissions }: CallRequest): string[] {
  return submissions.flatMap(({ errorType }) =>
    errorType === 'session_not_found' ? [`#${number}: was refused because its session does not exist`] : [],
  );
}

function isSame(reported: ReportedEnding, { success, response, errorType }: CallView): boolean {
  return reported.success === success && reported.response === response && reported.errorType === errorType;
}

/**
 * Finds calls that no request explains. Besides the accepted calls only calls whose start was unclear may exist: for each
 * prompt at most as many as there were unclear requests. They must have ended too.
 */
function callsNobodyMade({ requests, calls, views }: Evidence): string[] {
  const faults: string[] = [];
  const accepted = new Set(requests.map(callIdOf));
  const unclear = new Map<string, number>();
  for (const request of requests)
    if (outcomeOf(request) === 'unclear')
      unclear.set(request.body.prompt, (unclear.get(request.body.prompt) ?? 0) + 1);
  for (const { callId, prompt, endings } of calls.values()) {
    if (accepted.has(callId)) continue;
    const left = unclear.get(prompt) ?? 0;
    unclear.set(prompt, left - 1);
    if (left <= 0)
      faults.push(`${callId}: runs ${prompt.slice(0, 20)}, which was refused or never asked for`);
    else if (endings !== 1 || views.get(callId)?.status === 'running')
      faults.push(`${callId}: its start was unclear, and it has not ended`);
  }
  return faults;
}
