/** Gathers the evidence after all calls have ended. */
import type { FaultStage } from '../faults/fault.ts';
import type { Stage } from '../load/stage.ts';
import type { Answer, Json } from '../load/api.ts';
import type { Ledger } from '../agents/ledger.ts';
import { eachOf, pause } from '../pause.ts';
import type { CallView, Evidence, StoredMessage } from './evidence.ts';
import type { HistoriesRead } from './histories.ts';

/** The number of requests in flight at the same time. */
const width = 6;

interface WireAttempt {
  readonly agent: string;
  readonly tries: number;
  readonly error_type: string | null;
}

/** Reads through the API how every call of `histories` ended and what every session holds, and adds the other evidence. */
export async function gather(stage: FaultStage, ledger: Ledger, histories: HistoriesRead): Promise<Evidence> {
  const { journal } = stage;
  let endsReadAgain = 0;
  const views = new Map<string, CallView>();
  await eachOf(histories.calls.keys(), width, async (callId) => {
    const { answer, lacked } = await read(stage, `/api/vps/calls/${callId}`, lacksItsEnd);
    if (lacked) endsReadAgain++;
    if (answer?.status === 200 && answer.body) views.set(callId, viewOf(answer.body));
  });
  const sessions = new Map<string, readonly StoredMessage[]>();
  await eachOf(journal.sessions.keys(), width, async (id) => {
    const { answer } = await read(stage, `/api/vps/sessions/${id}`);
    if (answer?.status === 200 && answer.body) sessions.set(id, messagesOf(answer.body));
  });
  const { requests, removals, observedViolations, faults } = journal;
  const { calls, sessionFacts } = histories;
  const sessionRecords = [...journal.sessions.values()];
  return {
    requests,
    removals,
    observedViolations,
    faults,
    sessionRecords,
    executions: ledger.executions,
    goneVersions: stage.product.goneVersions,
    calls,
    views,
    endsReadAgain,
    sessions,
    sessionFacts,
  };
}

interface Read {
  readonly answer?: Answer;
  /** Whether an answer had to be read again because it was incomplete. */
  readonly lacked: boolean;
}

/** Reads `path`, up to 5 times, until the answer is complete. Returns the last answer. */
async function read(
  { api, random }: Stage,
  path: string,
  lacks: (answer: Answer) => boolean = () => false,
): Promise<Read> {
  let last: Read = { lacked: false };
  for (let tries = 0; tries < 5; tries++) {
    const answer = await api.send(random.pick(api.facades), 'GET', path);
    if (answer && answer.status < 500) {
      if (!lacks(answer)) return { ...last, answer };
      last = { answer, lacked: true };
    }
    await pause(500);
  }
  return last;
}

/**
 * Whether the answer reports an end without its outcome. That happens if Temporal did not answer in time while the API read the
 * call. A client would nevertheless consider the call ended.
 */
function lacksItsEnd({ status, body }: Answer): boolean {
  return status === 200 && body?.status !== 'running' && typeof body?.success !== 'boolean';
}

function viewOf(body: Json): CallView {
  return {
    status: String(body.status),
    success: body.success as boolean | null,
    response: body.response as string | null,
    errorType: body.error_type as string | null,
    sessionStored: body.session_stored as boolean | null,
    attempts: (body.attempts as WireAttempt[]).map(({ agent, tries, error_type: errorType }) => ({
      agent,
      tries,
      errorType,
    })),
  };
}

function messagesOf(body: Json): StoredMessage[] {
  const messages = body.messages as {
    role: string;
    content: string;
    call_id: string | null;
    failed: boolean;
    lost?: true;
  }[];
  return messages.map(({ role, content, call_id: callId, failed, lost = false }) => ({
    role,
    content,
    callId,
    failed,
    lost,
  }));
}
