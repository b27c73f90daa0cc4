/** I4: a session holds each call's turn once, in the order they were granted; a window is what came before. */
import { callIdOf } from '../load/wish.ts';
import type { CallView, Evidence, Finding, StoredMessage } from './evidence.ts';

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
  for (const { id, imported, deletion } of evidence.sessionRecords) {
    if (deletion !== 'none') continue;
    const { turns, faults } = readTurns(evidence.sessions.get(id) ?? [], imported);
    const all = [
      ...faults,
      ...contentFaults(id, turns, evidence),
      ...orderFaults(turns, evidence),
      ...acceptanceFaults(id, turns, evidence),
      ...windowFaults(imported, turns, evidence),
    ];
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
  const past = messages.slice(0, 2 * imported.length);
  const kept = past.filter(({ role }) => role === 'user').map(({ content }) => content);
  const faults = messages.length > 0 && kept.join() !== imported.join() ? ['lost what was imported'] : [];
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

function contentFaults(id: string, turns: readonly Turn[], evidence: Evidence): string[] {
  const faults: string[] = [];
  const asked = new Set(evidence.executions.map(({ key }) => key.split('/')[0]));
  const ofSession = [...evidence.calls.values()].filter(({ sessionId }) => sessionId === id);
  for (const { callId, prompt } of ofSession) {
    const [turn, ...more] = turns.filter((one) => one.callId === callId);
    const view = evidence.views.get(callId);
    if (!view) continue; // I1 tells.
    if (more.length > 0) faults.push(`${callId}: its turn is there ${more.length + 1} times`);
    // One that was cancelled while it waited leaves nothing, and says so.
    if (view.sessionStored === false && view.status !== 'cancelled')
      faults.push(`${callId}: was told that the session is gone`);
    if (view.sessionStored === true && !turn)
      faults.push(`${callId}: was told that its turn is stored, which is not there`);
    if (!turn && (view.status === 'completed' || asked.has(callId)))
      faults.push(`${callId}: ${view.status}, and its turn is not there`);
    if (turn) faults.push(...wrongTurn(turn, prompt, view));
  }
  const known = new Set(ofSession.map(({ callId }) => callId));
  for (const { callId } of turns)
    if (!known.has(callId)) faults.push(`${callId}: has a turn, and is no call of this session`);
  return faults;
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
  const prompt = evidence.wishes.flatMap((wish) => {
    const [one] = wish.tries;
    const at = place.get(callIdOf(wish) ?? '');
    if (wish.body.session_id !== id || !one || wish.tries.length > 1 || at === undefined) return [];
    return one.answeredAt - one.sentAt <= promptlyMs ? [{ number: wish.number, at, ...one }] : [];
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
