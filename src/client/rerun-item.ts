/** One call of a batch: run it again unless there is a reason not to, then wait for the end. */
import type { BatchInput, BatchItem } from '../domain/batch.ts';
import { Refusal, refusals } from '../domain/failures.ts';
import { sessionWorkflowId } from '../domain/ids.ts';
import type { Texts } from '../payloads/texts.ts';
import { callStatusOf } from './call-execution.ts';
import { loadText } from './large-texts.ts';
import { pause } from './pause.ts';
import { hashed, rerunRequest, submitRerun, type RerunDependencies } from './reruns.ts';
import type { CallRequest } from './submit-call.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';

export interface BatchDependencies extends RerunDependencies {
  readonly temporal: Temporal;
  readonly texts: Texts;
}

interface Signals {
  /** Nothing is started any more. */
  readonly starting: AbortSignal;
  /** Nothing is waited for any more: another worker does. */
  readonly waiting: AbortSignal;
}

/** The same batch runs the same call again as the same rerun: a crash between start and record doubles nothing. */
export const batchRerunId = (batchId: string, callId: string): string => hashed(['batch', batchId, callId]);

export async function rerunItem(
  deps: BatchDependencies,
  batch: BatchInput,
  item: BatchItem,
  signals: Signals,
  tell: (item: BatchItem) => void,
): Promise<void> {
  const { callId } = item;
  const rerunId = batchRerunId(batch.batchId, callId);
  const any = AbortSignal.any([signals.starting, signals.waiting]);
  for (;;) {
    if (signals.waiting.aborted) return;
    try {
      if (signals.starting.aborted && !(await startedBefore(deps, rerunId))) return;
      if (!signals.starting.aborted) {
        const reason = await start(deps, batch, callId, rerunId);
        if (reason !== undefined) {
          tell({ callId, outcome: 'skipped', reason });
          return;
        }
      }
      tell({ callId, outcome: 'running', rerunId });
      const ending = await deps.calls.wait(rerunId, signals.waiting);
      if (!ending) return;
      deps.inFlight.done(rerunId);
      if (ending.status === 'completed') tell({ callId, outcome: 'succeeded', rerunId });
      else tell({ callId, outcome: 'failed', rerunId, errorType: ending.errorType });
      return;
    } catch (error) {
      if (!(error instanceof Refusal && isWait(error))) {
        tell({ callId, outcome: 'skipped', reason: (error as Error).message });
        return;
      }
      await pause((error.retryAfterSeconds ?? 1) * 1_000, any);
    }
  }
}

/** Too much at once, or something is away: it is tried again, never counted as a failure. */
function isWait({ type }: Refusal): boolean {
  return refusals[type].status === 429 || refusals[type].status === 503;
}

/** Why not, if it is skipped. Throws `Refusal`. */
async function start(
  deps: BatchDependencies,
  batch: BatchInput,
  callId: string,
  rerunId: string,
): Promise<string | undefined> {
  const { overrides } = batch;
  if (await startedBefore(deps, rerunId)) return undefined;
  const prompt = overrides.prompt === undefined ? undefined : await loadText(deps.texts, overrides.prompt);
  const request = await rerunRequest(deps, callId, { ...overrides, prompt });
  const reason = await whyNot(deps, request, callId);
  if (reason !== undefined) return reason;
  // A stand-alone worker follows neither by itself.
  await Promise.all([deps.agents.refresh(), deps.health.refresh()]);
  const fingerprint = deps.sealer.fingerprint(JSON.stringify(['batch', batch.batchId, callId]));
  await submitRerun(deps, request, { callId: rerunId, fingerprint });
  return undefined;
}

async function whyNot(
  deps: BatchDependencies,
  { sessionId }: Omit<CallRequest, 'callId' | 'fingerprint'>,
  callId: string,
): Promise<string | undefined> {
  const status = await deps.records.status(callId);
  if (status === 'running') return 'It runs again: it was reset';
  if (status === 'completed') return 'It has been answered: it was reset';
  for await (const rerun of deps.records.all({ rerunOf: callId })) {
    if (rerun.status === 'running') return `Its rerun ${rerun.callId} runs`;
    if (rerun.status === 'completed') return `Its rerun ${rerun.callId} has answered`;
  }
  if (sessionId !== undefined && !(await sessionExists(deps.temporal, sessionId)))
    return `Its session '${sessionId}' was deleted`;
  return undefined;
}

async function startedBefore({ records }: BatchDependencies, rerunId: string): Promise<boolean> {
  try {
    await records.status(rerunId);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.type === 'call_not_found') return false;
    throw error;
  }
}

async function sessionExists(temporal: Temporal, sessionId: string): Promise<boolean> {
  try {
    const { status } = await rpc(temporal, rpcTimeoutMs.read, () =>
      temporal.client.workflow.getHandle(sessionWorkflowId(sessionId)).describe(),
    );
    return callStatusOf(status.name) === 'running';
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
