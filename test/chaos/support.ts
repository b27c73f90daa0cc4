/** The evidence of a small run in which every invariant holds. The tests of the checks doctor it. */
import type { Execution } from '../../chaos/agents/ledger.ts';
import type { CallFacts, CallView, Evidence, StoredMessage } from '../../chaos/checks/evidence.ts';
import type { CallRequest } from '../../chaos/load/call-request.ts';

export interface Doctored {
  requests: CallRequest[];
  executions: Execution[];
  calls: Map<string, CallFacts>;
  views: Map<string, CallView>;
  messages: StoredMessage[];
}

const sessionId = 'shared';
const ids = ['one', 'two', 'three'];

/** Three calls of one session, answered one after the other; the third prompt was asked twice. */
export function soundRun(): Doctored {
  const promptOf = (index: number): string => `#${index + 1} hello`;
  const answerOf = (id: string): string => `echo answer-of-${id} re`;
  return {
    requests: ids.map((id, index) => requestOf(id, index, promptOf(index), answerOf(id))),
    executions: [0, 1, 2, 2].map((index, place) =>
      executionOf(
        ids[index] ?? '',
        place,
        promptOf(index),
        ids.slice(0, index).map((_, i) => promptOf(i)),
      ),
    ),
    calls: new Map(ids.map((id, index) => [id, factsOf(id, index, promptOf(index))])),
    views: new Map(ids.map((id, index) => [id, viewOf(answerOf(id), index === 2 ? 2 : 1)])),
    messages: ids.flatMap((callId, index) => [
      { role: 'user', content: promptOf(index), callId, failed: false, lost: false },
      { role: 'assistant', content: answerOf(callId), callId, failed: false, lost: false },
    ]),
  };
}

export function evidenceOf(run: Doctored, more: Partial<Evidence> = {}): Evidence {
  const { requests, executions, calls, views, messages } = run;
  return {
    requests,
    executions,
    goneVersions: [],
    calls,
    views,
    endsReadAgain: 0,
    sessionRecords: [{ id: sessionId, imported: [] }],
    removals: [],
    observedViolations: [],
    faults: [],
    sessions: new Map([[sessionId, messages]]),
    sessionFacts: new Map(),
    ...more,
  };
}

function requestOf(callId: string, index: number, prompt: string, response: string): CallRequest {
  const sentAt = 1_000 * (index + 1);
  return {
    number: index + 1,
    key: `key of ${callId}`,
    step: 'test',
    body: { agent_name: 'echo', prompt, session_id: sessionId, deadline_seconds: 40 },
    submissions: [
      { facade: 'node', sentAt, answeredAt: sentAt + 100, outcome: 'accepted', status: 200, callId },
    ],
    endings: [
      { success: true, response, errorType: null, sessionStored: true, at: sentAt + 100, to: 'call' },
    ],
  };
}

function executionOf(id: string, place: number, prompt: string, window: string[]): Execution {
  const answer = `echo answer-of-${id} re`;
  return { agent: 'echo', key: `${id}/echo`, prompt, window, tokenKnown: true, startedAt: place, answer };
}

function factsOf(callId: string, index: number, prompt: string): CallFacts {
  const asks = [{ agent: 'echo', tries: 3 }];
  return {
    callId,
    runIds: [`run of ${callId}`],
    prompt,
    sessionId,
    startedAt: 1_000 * index,
    endedAt: 1_000 * index + 500,
    endingKnownAt: 1_000 * index + 500,
    deadlineMs: 40_000,
    endings: 1,
    runs: 1,
    tasksLost: 0,
    firstTries: [],
    turnNumber: index + 1,
    asks,
  };
}

function viewOf(response: string, tries: number): CallView {
  return {
    status: 'completed',
    success: true,
    response,
    errorType: null,
    sessionStored: true,
    attempts: [{ agent: 'echo', tries, errorType: null }],
  };
}

/** Changes one entry of a map. */
export function doctor<T>(map: Map<string, T>, key: string, change: Partial<T>): void {
  const value = map.get(key);
  if (value === undefined) throw new Error(`There is no ${key}`);
  map.set(key, { ...value, ...change });
}

/** Makes a call one that never had a turn. */
export function withoutTurn({ calls }: Doctored, callId: string): void {
  const known = calls.get(callId);
  if (known === undefined) throw new Error(`There is no ${callId}`);
  const facts: Omit<CallFacts, 'turnNumber'> & { turnNumber?: number } = { ...known };
  delete facts.turnNumber;
  calls.set(callId, facts);
}
