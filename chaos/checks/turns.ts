/**
 * I4: a session holds each call's turn once, in the order they were granted; a window is what came before. What a session
 * holds at the end is its last life: an earlier one went with a deletion or a cleanup, and with nothing else.
 */
import { callIdOf } from '../load/call-request.ts';
import type { CallFacts, CallView, Evidence, Finding, StoredMessage } from './evidence.ts';
import { callsMayBeGone, clearedBefore, isTouched, mayBeClosedUnder, mayBeRemoved } from './removals.ts';

/** Messages of a session that an agent is sent: 40, so 20 answered turns. */
const windowTurns = 20;
/** A start that took longer may have lost its turn to those who waited, and got a later one. */
const promptlyMs = 8_000;

interface Turn {
  readonly callId: string;
  readonly prompt: string;
  /** Absent: the call failed. */
  readonly answer?: string;
}

export function checkTurns(evidence: Evidence): Finding {
  const violations: string[] = [];
  let checked = 0;
  for (const { id, imported: once } of evidence.sessionRecords) {
    const messages = evidence.sessions.get(id) ?? [];
    const imported = isTouched(evidence, id) && !beginsWith(messages, once) ? [] : once;
    const { turns, faults } = readTurns(messages, imported);
    const all = [...faults, ...contentFaults(id, turns, evidence)];
    // The same key may have made a second call, in another life.
    if (!callsMayBeGone(evidence, id))
      all.push(
        ...orderFaults(turns, evidence),
        ...acceptanceFaults(id, turns, evidence),
        ...windowFaults(imported, turns, evidence),
      );
    violations.push(...all.map((fault) => `${id}: ${fault}`));
    checked += turns.length;
  }
  return { row: 'I4', what: "each call's turn once, in grant order, windows whole", checked, violations };
}

/** A user's message and its answer, or a failed user's message alone; after those that were imported. */
function readTurns(
  messages: readonly StoredMessage[],
  imported: readonly string[],
): { turns: Turn[]; faults: string[] } {
  const faults = messages.length > 0 && !beginsWith(messages, imported) ? ['lost what was imported'] : [];
  const turns: Turn[] = [];
  const rest = messages.slice(2 * imported.length);
  for (let message = rest.shift(); message; message = rest.shift()) {
    const { role, content: prompt, callId, failed } = message;
    if (role !== 'user' || callId === null) {
      faults.push(`an answer stands alone: ${JSON.stringify(message).slice(0, 200)}`);
      continue;
    }
    if (failed) {
      turns.push({ callId, prompt });
      continue;
    }
    const answer = rest[0]?.role === 'assistant' && rest[0].callId === callId ? rest.shift() : undefined;
    if (!answer) faults.push(`${callId}: its message has no answer`);
    turns.push({ callId, prompt, answer: answer?.content ?? '' });
  }
  return { turns, faults };
}

function beginsWith(messages: readonly StoredMessage[], imported: readonly string[]): boolean {
  const past = messages.slice(0, 2 * imported.length).filter(({ role }) => role === 'user');
  return past.map(({ content }) => content).join() === imported.join();
}

function contentFaults(id: string, turns: readonly Turn[], evidence: Evidence): string[] {
  const faults: string[] = [];
  const asked = new Set(evidence.executions.map(({ key }) => key.split('/')[0]));
  const ofSession = [...evidence.calls.values()].filter(({ sessionId }) => sessionId === id);
  for (const facts of ofSession) {
    const { callId, prompt } = facts;
    const [turn, ...more] = turns.filter((one) => one.callId === callId);
    const view = evidence.views.get(callId);
    if (!view) continue; // I1 tells.
    if (more.length > 0) faults.push(`${callId}: its turn is there ${more.length + 1} times`);
    if (turn) faults.push(...wrongTurn(turn, prompt, view), ...tooLongThere(id, facts, evidence));
    else if (view.status === 'completed' || view.sessionStored === true || asked.has(callId))
      faults.push(...lostTurn(id, facts, view, evidence));
    const closedUnder = mayBeClosedUnder(evidence, id, facts);
    // One that was cancelled while it waited leaves nothing, and says so.
    if (view.sessionStored === false && view.status !== 'cancelled' && !closedUnder)
      faults.push(`${callId}: was told that the session is gone`);
  }
  const known = new Set(ofSession.map(({ callId }) => callId));
  for (const { callId } of turns)
    if (!known.has(callId) && !callsMayBeGone(evidence, id))
      faults.push(`${callId}: has a turn, and is no call of this session`);
  return faults;
}

/** Explained by a deletion under the call, of which it was told; or by a removal after it. */
function lostTurn(id: string, facts: CallFacts, view: CallView, evidence: Evidence): string[] {
  if (view.sessionStored === false && mayBeClosedUnder(evidence, id, facts)) return [];
  if (mayBeRemoved(evidence, id, facts)) return [];
  const stored = view.sessionStored === null ? '' : ` (session_stored: ${String(view.sessionStored)})`;
  return [`${facts.callId}: ${view.status}${stored}, and its turn is not there`];
}

/** The turn is there all the same. */
function tooLongThere(id: string, { callId, endedAt }: CallFacts, evidence: Evidence): string[] {
  const { sessionStored } = evidence.views.get(callId) ?? {};
  if (endedAt < clearedBefore(evidence, id, false)) return [`${callId}: its turn is left after the deletion`];
  return sessionStored === false
    ? [`${callId}: was told that the session is gone, and its turn is there`]
    : [];
}

function wrongTurn({ callId, prompt, answer }: Turn, asked: string, view: CallView): string[] {
  if (prompt !== asked) return [`${callId}: its turn holds another prompt`];
  const response = view.status === 'completed' ? view.response : undefined;
  return answer === response ? [] : [`${callId}: its turn holds ${String(answer)}, it ended ${view.status}`];
}

/** A call whose time was up while it waited leaves its message where it stood in time: it never knew of a turn. */
function gaveUp({ callId, answer }: Turn, { calls, executions }: Evidence): boolean {
  const toldOfTurn = calls.get(callId)?.turnNumbers.at(-1) !== undefined;
  return !toldOfTurn && answer === undefined && !executions.some(({ key }) => key.startsWith(`${callId}/`));
}

function orderFaults(turns: readonly Turn[], evidence: Evidence): string[] {
  let before = 0;
  return turns.flatMap((turn) => {
    const { callId } = turn;
    const number = evidence.calls.get(callId)?.turnNumbers.at(-1);
    if (gaveUp(turn, evidence)) return [];
    if (number === undefined) return [`${callId}: nothing tells when it was granted its turn`];
    const fault = number > before ? [] : [`${callId}: granted turn ${number}, stands behind turn ${before}`];
    before = number;
    return fault;
  });
}

/** A call that was accepted before another was even sent comes first. */
function acceptanceFaults(id: string, turns: readonly Turn[], evidence: Evidence): string[] {
  const had = turns.filter((turn) => !gaveUp(turn, evidence));
  const place = new Map(had.map(({ callId }, index) => [callId, index]));
  const prompt = evidence.requests.flatMap((request) => {
    const [one] = request.submissions;
    const at = place.get(callIdOf(request) ?? '');
    if (request.body.session_id !== id || !one || request.submissions.length > 1 || at === undefined)
      return [];
    return one.answeredAt - one.sentAt <= promptlyMs ? [{ number: request.number, at, ...one }] : [];
  });
  return prompt.flatMap((earlier) =>
    prompt
      .filter((later) => earlier.answeredAt < later.sentAt && earlier.at > later.at)
      .map((later) => `#${earlier.number} was accepted before #${later.number} was sent, and comes after it`),
  );
}

/** What an agent was sent before the prompt: the answered turns before, the last of them at most. */
function windowFaults(imported: readonly string[], turns: readonly Turn[], evidence: Evidence): string[] {
  const faults: string[] = [];
  for (const [index, { callId }] of turns.entries()) {
    const before = turns.slice(0, index).filter(({ answer }) => answer !== undefined);
    const expected = [...imported, ...before.map(({ prompt }) => prompt)].slice(-windowTurns);
    for (const { key, window } of evidence.executions)
      if (key.startsWith(`${callId}/`) && window.join('\n') !== expected.join('\n'))
        faults.push(`${key}: its window has ${window.length} turns, not the ${expected.length} before it`);
  }
  return faults;
}
