/** Makes the ending of one run of a call: from what the list and a hint say, or from the call's history. */
import type { KnownAsk } from '../../domain/call-story.ts';
import { byAgent, failureOf } from '../../domain/call-story.ts';
import { agentTimeMs } from '../../domain/agent-time.ts';
import { askedIn, waitForTurnMs, type EndedAttempt, type Ending } from '../../domain/ending.ts';
import type { ErrorType } from '../../domain/failures.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { factsOf } from '../call-events/call-facts.ts';
import type { ListedRun } from '../calls/call-summary.ts';
import { callRunIn } from '../calls/existing-call.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

/** What was read of a run: its ending, or why it has none. */
export type ReadRun = Ending | 'by_reset' | 'running' | 'deleted';

/** How long before Temporal's record a hint may have been given, in ms. A task that was lost is repeated after 5 s. */
const hintedWithinMs = 2_000;

/** Returns whether the hint says of the run what Temporal says of it. */
export function agrees(hint: Ending, { runId, status, errorType, answeredBy, endedAt }: ListedRun): boolean {
  return (
    hint.runId === runId &&
    Math.abs(hint.endedAt - (endedAt?.getTime() ?? 0)) <= hintedWithinMs &&
    hint.outcome === status &&
    hint.errorType === errorType &&
    hint.answeredBy === answeredBy
  );
}

/** Makes the ending of a run of which no more is known than the list says, because its history was deleted since. */
export function listedEnding(run: ListedRun): Ending {
  const { callId, runId, agentAsked, answeredBy, errorType, startedAt, endedAt, status, rerunOf } = run;
  return {
    callId,
    runId,
    agent: agentAsked,
    ...(answeredBy !== undefined && { answeredBy }),
    outcome: status === 'running' ? 'failed' : status,
    ...(errorType && { errorType }),
    startedAt: startedAt.getTime(),
    endedAt: endedAt?.getTime() ?? startedAt.getTime(),
    queuedMs: 0,
    attempts: [],
    ...(rerunOf !== undefined && { rerunOf }),
  };
}

/**
 * Reads the ending of a run from its history. `by_reset` means that it ended because somebody reset the call, which goes on in
 * another run; `deleted`, that Temporal does not know it. Throws the refusals `temporal_unavailable`, and `call_not_found` if the
 * history is not that of a call.
 */
export async function readEnding(temporal: Temporal, callId: string, runId: string): Promise<ReadRun> {
  const handle = temporal.client.workflow.getHandle(callWorkflowId(callId), runId);
  const history = await rpc(temporal, rpcTimeoutMs.read, () => handle.fetchHistory()).catch(
    (error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    },
  );
  const events = history?.events ?? [];
  if (events.length === 0) return 'deleted';
  const { input, startedAt, end, resetFrom } = callRunIn(callId, events);
  if (!end) return 'running';
  if (end.byReset) return 'by_reset';
  const { result, failure } = end;
  const progress = result ?? failure;
  const facts = factsOf(callId, events, []);
  const asks = facts?.asks ?? [];
  const [first] = asks;
  return {
    callId,
    runId,
    agent: input.agentName,
    ...(result && { answeredBy: result.agentName }),
    outcome: failure?.status ?? 'completed',
    ...(failure && { errorType: failure.errorType }),
    startedAt,
    endedAt: end.endedAt,
    queuedMs: waitForTurnMs(input, progress?.queuedMs ?? (first?.scheduledAt ?? end.endedAt) - startedAt),
    attempts: progress?.attempts
      ? askedIn(progress.attempts)
      : byAgent(asks).map(({ last }, index, all) =>
          cutOff(last, index === all.length - 1 ? failure?.errorType : undefined, end.endedAt),
        ),
    ...(input.rerunOf !== undefined && { rerunOf: input.rerunOf }),
    ...(resetFrom !== undefined && { resetFrom }),
  };
}

/**
 * Makes the attempt of an agent in a call whose ending does not name its attempts, because it was cut off: cancelled, terminated
 * or overdue. `errorType` is that of the call, for its last agent. A try that was under way counts, and takes until the end.
 */
function cutOff(ask: KnownAsk, errorType: ErrorType | undefined, endedAt: number): EndedAttempt {
  const { agent, tries, openTryAt, unasked } = ask;
  const open = openTryAt !== undefined && !unasked;
  return {
    agent,
    errorType: errorType ?? failureOf(ask),
    tries: tries.length + (open ? 1 : 0),
    latencyMs: agentTimeMs(tries) + (open ? Math.max(0, endedAt - openTryAt) : 0),
  };
}
