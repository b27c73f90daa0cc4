/** One call of a batch: run it again unless there is a reason not to, then wait for the end. */
import type { BatchInput, BatchItem } from '../../domain/batch.ts';
import { Refusal, refusals } from '../../domain/failures.ts';
import { rerunIdBeforeFamilies } from '../../domain/hashed-ids.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { planRerun, type Plan } from './batch-plan.ts';
import { loadText } from '../../payloads/store-refusals.ts';
import { delay } from '../../lib/delay.ts';
import { rerunRequest, submitNumbered, type RerunDependencies } from './reruns.ts';

export interface BatchDependencies extends RerunDependencies {
  readonly texts: TextStore;
}

interface Signals {
  /** Nothing is started any more. */
  readonly starting: AbortSignal;
  /** Nothing is waited for any more: another worker does. */
  readonly waiting: AbortSignal;
}

export async function rerunItem(
  deps: BatchDependencies,
  batch: BatchInput,
  item: BatchItem,
  signals: Signals,
  tell: (item: BatchItem) => void,
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
        tell({ callId, outcome: 'skipped', reason: plan.reason });
        return;
      }
      const rerunId = plan.does === 'wait' ? plan.rerunId : await start(deps, batch, callId, plan);
      if (rerunId === undefined) {
        if (plan.does === 'run') tried = plan.number;
        continue; // Its number was taken: another rerun of the family may have come first.
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
      await delay((error.retryAfterSeconds ?? 1) * 1_000, any);
    }
  }
}

/** A crash between start and record doubles nothing: what this batch began is found by its id in the memo. */
async function planOf(
  deps: BatchDependencies,
  batch: BatchInput,
  item: BatchItem,
  leastNumber: number,
): Promise<Plan> {
  if (item.outcome === 'running') return { does: 'wait', rerunId: item.rerunId };
  const earlier = rerunIdBeforeFamilies(batch.batchId, item.callId);
  if (await exists(deps, earlier)) return { does: 'wait', rerunId: earlier };
  // A stand-alone worker follows neither by itself.
  await Promise.all([deps.agents.refresh(), deps.health.refresh()]);
  return planRerun(deps, batch, item.callId, leastNumber);
}

/** Too much at once, or something is away: it is tried again, never counted as a failure. */
function isWait({ type }: Refusal): boolean {
  return refusals[type].status === 429 || refusals[type].status === 503;
}

/** The rerun's id; undefined where its number was taken meanwhile. Throws `Refusal`. */
async function start(
  deps: BatchDependencies,
  { batchId, overrides }: BatchInput,
  callId: string,
  { call, root, number }: Extract<Plan, { does: 'run' }>,
): Promise<string | undefined> {
  const prompt = overrides.prompt === undefined ? undefined : await loadText(deps.texts, overrides.prompt);
  const request = await rerunRequest(deps, call.callId, { ...overrides, prompt });
  const fingerprint = deps.sealer.fingerprint(JSON.stringify(['batch', batchId, callId]));
  return submitNumbered(deps, request, fingerprint, { root, number, batchId });
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
