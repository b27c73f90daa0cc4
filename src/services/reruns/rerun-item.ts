/** Handles one call of a batch: runs it again unless the plan says to skip it, then waits for the end of the rerun. */
import type { BatchInput, BatchItem } from '../../domain/batch.ts';
import { Refusal, refusals } from '../../domain/failures.ts';
import { rerunIdBeforeFamilies } from '../../domain/hashed-ids.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { planRerun, type Plan } from './batch-plan.ts';
import { loadText } from '../../payloads/store-refusals.ts';
import { delay } from '../../lib/delay.ts';
import { inTraceOf, rerunRequest, submitNumbered, type RerunDependencies } from './reruns.ts';

export interface BatchDependencies extends RerunDependencies {
  readonly texts: TextStore;
}

interface Signals {
  /** Aborts when no more reruns may be started. */
  readonly starting: AbortSignal;
  /** Aborts when this worker stops waiting, because another worker continues. */
  readonly waiting: AbortSignal;
}

/**
 * Runs the item and calls `onChange` with every new state of it. Retries while Temporal is unavailable or a limit is reached.
 * Does not throw.
 */
export async function rerunItem(
  deps: BatchDependencies,
  batch: BatchInput,
  item: BatchItem,
  signals: Signals,
  onChange: (item: BatchItem) => void,
): Promise<void> {
  const { callId } = item;
  const any = AbortSignal.any([signals.starting, signals.waiting]);
  let tried = 0;
  for (;;) {
    if (signals.waiting.aborted) return;
    try {
      const plan = await planOf(deps, batch, item, tried + 1);
      if (plan.does !== 'wait' && signals.starting.aborted) return;
      if (plan.does === 'skip') {
        onChange({ callId, outcome: 'skipped', reason: plan.reason });
        return;
      }
      const rerunId = plan.does === 'wait' ? plan.rerunId : await start(deps, batch, callId, plan);
      if (rerunId === undefined) {
        if (plan.does === 'run') tried = plan.number;
        continue; // Another rerun of the family has taken the number.
      }
      onChange({ callId, outcome: 'running', rerunId });
      const ending = await deps.calls.wait(rerunId, signals.waiting);
      if (!ending) return;
      deps.inFlight.done(rerunId);
      if (ending.status === 'completed') onChange({ callId, outcome: 'succeeded', rerunId });
      else onChange({ callId, outcome: 'failed', rerunId, errorType: ending.errorType });
      return;
    } catch (error) {
      if (!(error instanceof Refusal && isTemporary(error))) {
        onChange({ callId, outcome: 'skipped', reason: (error as Error).message });
        return;
      }
      await delay((error.retryAfterSeconds ?? 1) * 1_000, any);
    }
  }
}

/**
 * Returns the item's plan. If a worker died after it had started a rerun and before it recorded that, the rerun is found by the
 * batch id in its memo, so nothing is started twice.
 */
async function planOf(
  deps: BatchDependencies,
  batch: BatchInput,
  item: BatchItem,
  leastNumber: number,
): Promise<Plan> {
  if (item.outcome === 'running') return { does: 'wait', rerunId: item.rerunId };
  const earlier = rerunIdBeforeFamilies(batch.batchId, item.callId);
  if (await exists(deps, earlier)) return { does: 'wait', rerunId: earlier };
  // A stand-alone worker does not refresh them in the background.
  await Promise.all([deps.agents.refresh(), deps.health.refresh()]);
  return planRerun(deps, batch, item.callId, leastNumber);
}

/** Whether the refusal is about a limit or an outage. The start is then retried and does not count as a failure. */
function isTemporary({ type }: Refusal): boolean {
  return refusals[type].status === 429 || refusals[type].status === 503;
}

/** Starts the rerun and returns its id. Undefined if another rerun has taken its number. Throws `Refusal`. */
async function start(
  deps: BatchDependencies,
  { batchId, overrides }: BatchInput,
  callId: string,
  { call, root, number }: Extract<Plan, { does: 'run' }>,
): Promise<string | undefined> {
  const prompt = overrides.prompt === undefined ? undefined : await loadText(deps.texts, overrides.prompt);
  const request = await rerunRequest(deps, call.callId, { ...overrides, prompt });
  const fingerprint = deps.sealer.fingerprint(JSON.stringify(['batch', batchId, callId]));
  // A span that is not ended is not sent: a start that is refused, and tried again, has none.
  const span = deps.tracing.root('rerun of a batch');
  const place = { root, number, batchId };
  const rerunId = await submitNumbered(deps, inTraceOf(request, span), fingerprint, place);
  if (rerunId !== undefined) span.end({ 'holdfast.batch.id': batchId, 'holdfast.rerun_of': call.callId });
  return rerunId;
}

async function exists({ records }: BatchDependencies, callId: string): Promise<boolean> {
  try {
    await records.status(callId);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.type === 'call_not_found') return false;
    throw error;
  }
}
