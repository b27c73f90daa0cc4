/** I1 and I2: every accepted call is there and has ended once; what was refused never ran. */
import { callIdOf, outcomeOf, type ToldEnding, type Wish } from '../load/wish.ts';
import type { CallView, Evidence, Finding } from './evidence.ts';
import { callsMayBeGone } from './removals.ts';

export function checkEndedOnce(evidence: Evidence): Finding {
  const { wishes, calls, endsReadAgain, oddities } = evidence;
  const violations = oddities.filter(({ row }) => row === 'I1 I2').map(({ text }) => text);
  for (const wish of wishes) violations.push(...faultsOf(wish, evidence), ...refusalsOf(wish));
  violations.push(...callsNobodyMade(evidence));
  return {
    row: 'I1 I2',
    what: 'every accepted call ended once, nothing refused ran',
    checked: wishes.length + calls.size,
    violations,
    ...(endsReadAgain > 0 && {
      note: `${endsReadAgain} were read again, as an answer said that they had ended and not how`,
    }),
  };
}

function faultsOf(wish: Wish, evidence: Evidence): string[] {
  const { calls, views } = evidence;
  const callId = callIdOf(wish);
  if (callId === undefined || callsMayBeGone(evidence, wish.body.session_id)) return [];
  const name = `#${wish.number} ${callId}`;
  const facts = calls.get(callId);
  const view = views.get(callId);
  if (!facts || !view) return [`${name}: accepted and lost`];
  const faults: string[] = [];
  if (facts.runs !== 1) faults.push(`${name}: ran ${facts.runs} times`);
  if (facts.endings !== 1) faults.push(`${name}: ended ${facts.endings} times`);
  if (view.status === 'running') faults.push(`${name}: has not ended`);
  if (view.status === 'cancelled' && !wish.cancelAsked)
    faults.push(`${name}: cancelled, though nobody asked for it`);
  for (const told of wish.endings)
    if (!isSame(told, view))
      faults.push(`${name}: was told ${JSON.stringify(told)}, is ${JSON.stringify(view)}`);
  return faults;
}

/** A call creates the session that it names: that there is none is nobody's business. */
function refusalsOf({ number, tries }: Wish): string[] {
  return tries.flatMap(({ errorType }) =>
    errorType === 'session_not_found' ? [`#${number}: was refused, since its session is not there`] : [],
  );
}

function isSame(told: ToldEnding, { success, response, errorType }: CallView): boolean {
  return told.success === success && told.response === response && told.errorType === errorType;
}

/** Beyond those accepted only calls whose start was unclear may be there: as many per prompt. They must have ended. */
function callsNobodyMade({ wishes, calls, views }: Evidence): string[] {
  const faults: string[] = [];
  const accepted = new Set(wishes.map(callIdOf));
  const unclear = new Map<string, number>();
  for (const wish of wishes)
    if (outcomeOf(wish) === 'unclear')
      unclear.set(wish.body.prompt, (unclear.get(wish.body.prompt) ?? 0) + 1);
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
