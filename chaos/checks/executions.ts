/** Checks I3: agents get no more requests than the recorded tries explain, and one Idempotency-Key per call and agent. */
import type { Execution } from '../agents/ledger.ts';
import type { CallFacts, CallView, Evidence, Finding } from './evidence.ts';
import { callsMayBeGone, requestOf } from './removals.ts';

export function checkExecutions(evidence: Evidence): Finding {
  const { executions, calls, views, goneVersions } = evidence;
  const violations: string[] = [];
  for (const [key, asked] of byKey(executions)) {
    const [callId = '', agent = ''] = key.split('/').map(decodeURIComponent);
    const facts = calls.get(callId);
    const view = views.get(callId);
    if (callsMayBeGone(evidence, requestOf(evidence, asked[0]?.prompt ?? '')?.body.session_id)) continue;
    if (!facts || !view) {
      violations.push(`${key}: ${asked.length} requests for a call that does not exist`);
      continue;
    }
    violations.push(...asked.flatMap((one) => wrongIn(one, key, agent, facts)));
    const repeats = asked.filter(({ brokeKept }) => brokeKept).length;
    const attemptsLost = lacksAttempts(view) && goneVersions.includes(facts.buildId ?? '');
    const tries = attemptsLost ? triesAllowed(agent, facts) : recordedTries(agent, facts, view);
    const recorded = tries + facts.tasksLost + repeats;
    if (asked.length > recorded)
      violations.push(`${key}: asked ${asked.length} times, on record ${recorded} (${view.status})`);
  }
  violations.push(...answersFromNowhere(executions, views));
  return {
    row: 'I3',
    what: 'no more requests than recorded tries and lost tasks, one key per call and agent',
    checked: executions.length,
    violations,
  };
}

function byKey(executions: readonly Execution[]): Map<string, Execution[]> {
  const keys = new Map<string, Execution[]>();
  for (const one of executions) keys.set(one.key, [...(keys.get(one.key) ?? []), one]);
  return keys;
}

/**
 * Whether the call's attempts are lost. The attempts of a call that was cancelled or timed out exist only in the memory of its
 * workflow, which only a worker of its version can read. Every other ending records them in the history.
 */
function lacksAttempts({ status, errorType, attempts }: CallView): boolean {
  return attempts.length === 0 && (status === 'cancelled' || errorType === 'deadline_exceeded');
}

/**
 * Returns how many tries the history allows if the attempts are lost: the first tries on record, and every try that each
 * activity was allowed.
 */
function triesAllowed(agent: string, { asks, firstTries }: CallFacts): number {
  const first = firstTries.filter((name) => name === agent).length;
  return asks.filter((one) => one.agent === agent).reduce((total, { tries }) => total + tries, first);
}

/**
 * Returns the number of recorded tries. If a cancellation ended an activity, its retries are unknown, so all tries that it was
 * allowed count.
 */
function recordedTries(agent: string, { asks }: CallFacts, { attempts }: CallView): number {
  const sum = (all: readonly { agent: string; tries: number }[]): number =>
    all.filter((one) => one.agent === agent).reduce((total, { tries }) => total + tries, 0);
  const wasCancelled = attempts.some((one) => one.agent === agent && one.errorType === 'cancelled');
  return wasCancelled ? Math.max(sum(attempts), sum(asks)) : sum(attempts);
}

function wrongIn(one: Execution, key: string, agent: string, { prompt }: CallFacts): string[] {
  const faults: string[] = [];
  if (one.prompt !== prompt) faults.push(`${key}: was sent with another prompt (${one.prompt.slice(0, 20)})`);
  // A `passing-` agent is another registration of echo's address.
  if (agent !== one.agent && !(agent.startsWith('passing-') && one.agent === 'echo'))
    faults.push(`${key}: was sent to the agent ${one.agent}`);
  if (!one.tokenKnown) faults.push(`${key}: was sent without the token of ${one.agent}`);
  return faults;
}

/** Finds calls whose response is not the answer of any of their requests. */
function answersFromNowhere(
  executions: readonly Execution[],
  views: ReadonlyMap<string, CallView>,
): string[] {
  const given = new Set(
    executions.map(({ key, answer }) => `${key.split('/')[0] ?? ''} ${comparable(answer ?? '')}`),
  );
  return [...views].flatMap(([callId, { success, response }]) =>
    success && !given.has(`${callId} ${comparable(response ?? '')}`)
      ? [`${callId}: no request got the answer ${(response ?? '').slice(0, 200)}`]
      : [],
  );
}

/**
 * Returns the part of an answer that is compared. An answer of `leaky` is partly redacted, so only its name and its unique id
 * are compared.
 */
function comparable(answer: string): string {
  return answer.startsWith('leaky ') ? answer.split(' ').slice(0, 2).join(' ') : answer;
}
