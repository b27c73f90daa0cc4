/**
 * Checks I4: the messages of a session are the endings of its calls, each once, in the order in which turns were granted, and
 * the window of a call consists of the turns before it. At the end of a run a session holds the turns of its last life; only a
 * deletion or a cleanup may remove an earlier life.
 */
import { callIdOf } from '../load/call-request.ts';
import type { CallFacts, CallView, Evidence, Finding, StoredMessage } from './evidence.ts';
import { callsMayBeGone, clearedBefore, isTouched, mayBeClosedUnder, mayBeRemoved } from './removals.ts';

/**
 * The most answered turns that a window contains: an agent gets at most 40 messages of a session (`HOLDFAST_WINDOW_MESSAGES`),
 * two for each turn.
 */
const windowTurns = 20;
/** A call that took longer than this to start may have lost its turn to waiting calls and got a later one. */
const promptlyMs = 8_000;

interface Turn {
  readonly callId: string;
  readonly prompt: string;
  /** Absent if the call failed. */
  readonly answer?: string;
}

/** Compares the messages of every session with the calls in it and with what the agents were sent. */
export function checkTurns(evidence: Evidence): Finding {
  const violations = evidence.observedViolations.filter(({ row }) => row === 'I4').map(({ text }) => text);
  let checked = 0;
  for (const { id, imported: once } of evidence.sessionRecords) {
    const messages = evidence.sessions.get(id) ?? [];
    const imported = isTouched(evidence, id) && !beginsWith(messages, once) ? [] : once;
    const { turns, faults } = readTurns(messages, imported);
    const all = [...faults, ...contentFaults(id, turns, evidence)];
    // If calls may be deleted, the same key may have made a second call in a later life of the session.
    if (!callsMayBeGone(evidence, id))
      all.push(
        ...orderFaults(turns, evidence),
        ...acceptanceFaults(id, turns, evidence),
        ...windowFaults(imported, turns, evidence),
      );
    violations.push(...all.map((fault) => `${id}: ${fault}`));
    checked += turns.length;
  }
  return { row: 'I4', what: 'every ending once, in grant order, windows whole', checked, violations };
}

/** Splits the messages after the imported ones into turns: a user's message with its answer, or a failed message alone. */
function readTurns(
  messages: readonly StoredMessage[],
  imported: readonly string[],
): { turns: Turn[]; faults: string[] } {
  const faults =
    messages.length > 0 && !beginsWith(messages, imported) ? ['its imported messages are lost'] : [];
  const turns: Turn[] = [];
  const rest = messages.slice(2 * imported.length);
  for (let message = rest.shift(); message; message = rest.shift()) {
    const { role, content: prompt, callId, failed, lost } = message;
    if (role !== 'user' || callId === null) {
      faults.push(`an answer without a message: ${JSON.stringify(message).slice(0, 200)}`);
      continue;
    }
    if (lost) faults.push(`${callId}: its ending or a text of it is lost`);
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
    if (!view) continue; // Reported under I1.
    if (more.length > 0) faults.push(`${callId}: its turn exists ${more.length + 1} times`);
    if (turn) faults.push(...wrongTurn(turn, prompt, view), ...wronglyKept(id, facts, evidence));
    else if (facts.turnNumber !== undefined || view.status === 'completed' || asked.has(callId))
      faults.push(...lostTurn(id, facts, view, evidence));
  }
  const known = new Set(ofSession.map(({ callId }) => callId));
  for (const { callId } of turns)
    if (!known.has(callId) && !callsMayBeGone(evidence, id))
      faults.push(`${callId}: has a turn, and is no call of this session`);
  return faults;
}

/**
 * Returns a violation for a missing turn that nothing explains. It may be missing if the session was deleted while the call
 * ran, or was removed later.
 */
function lostTurn(id: string, facts: CallFacts, view: CallView, evidence: Evidence): string[] {
  if (mayBeClosedUnder(evidence, id, facts) || mayBeRemoved(evidence, id, facts)) return [];
  const stored = view.sessionStored === null ? '' : ` (session_stored: ${String(view.sessionStored)})`;
  return [`${facts.callId}: ${view.status}${stored}, but its turn is missing`];
}

/** Returns a violation for a turn that is older than the last deletion. */
function wronglyKept(id: string, { callId, endedAt }: CallFacts, evidence: Evidence): string[] {
  if (endedAt >= clearedBefore(evidence, id, false)) return [];
  return [`${callId}: its turn still exists after the deletion`];
}

function wrongTurn({ callId, prompt, answer }: Turn, asked: string, view: CallView): string[] {
  if (prompt !== asked) return [`${callId}: its turn holds another prompt`];
  const response = view.status === 'completed' ? view.response : undefined;
  return answer === response ? [] : [`${callId}: its turn holds ${String(answer)}, it ended ${view.status}`];
}

/**
 * Whether the call reached its deadline while it waited for its turn. Such a call stores its message although it never had a
 * turn.
 */
function gaveUp({ callId, answer }: Turn, { calls, executions }: Evidence): boolean {
  const hadTurn = calls.get(callId)?.turnNumber !== undefined;
  return !hadTurn && answer === undefined && !executions.some(({ key }) => key.startsWith(`${callId}/`));
}

function orderFaults(turns: readonly Turn[], evidence: Evidence): string[] {
  let before = 0;
  return turns.flatMap((turn) => {
    const { callId } = turn;
    const number = evidence.calls.get(callId)?.turnNumber;
    if (gaveUp(turn, evidence)) return [];
    if (number === undefined) return [`${callId}: no record of when it was granted its turn`];
    const fault = number > before ? [] : [`${callId}: granted turn ${number}, stands behind turn ${before}`];
    before = number;
    return fault;
  });
}

/** Finds calls in the wrong order: if one call was accepted before another was sent, its turn must come first. */
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

/**
 * Finds wrong windows. The messages that an agent gets before the prompt must be the answered turns before it, at most the last
 * `windowTurns`.
 */
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
