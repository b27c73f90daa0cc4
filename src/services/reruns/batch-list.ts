/** Lists the calls of a batch, one for each family of reruns, and dry-runs a batch. */
import type { BatchItem } from '../../domain/batch.ts';
import { callFilterOf } from './batch-filter.ts';
import { newest, planRerun, type BatchWish } from './batch-plan.ts';
import type { CallSummary } from '../calls/call-summary.ts';
import { rootOf } from './rerun-family.ts';
import type { RerunDependencies } from './reruns.ts';

/** How many calls a dry run plans concurrently. */
const concurrency = 8;

/** The result of a dry run. */
export interface DryRun {
  /** The calls that would be run again. */
  readonly runs: readonly CallSummary[];
  readonly skipped: number;
}

/**
 * Lists the calls that match the filter, in the order of the list, each once, at most `maxCalls`. The newest call of each
 * family is pending, and the others are skipped.
 */
export async function listItems(
  deps: RerunDependencies,
  { filter }: BatchWish,
  maxCalls: number,
): Promise<BatchItem[]> {
  const calls = new Map<string, CallSummary>();
  for await (const call of deps.records.all(callFilterOf(filter))) {
    calls.set(call.callId, call);
    if (calls.size >= maxCalls) break;
  }
  const families = new Map<string, CallSummary[]>();
  const roots = new Map<string, string>();
  for (const call of calls.values()) {
    const root = await rootOf(deps.temporal, call);
    roots.set(call.callId, root);
    families.set(root, [...(families.get(root) ?? []), call]);
  }
  return [...calls.keys()].map((callId) => {
    const root = roots.get(callId) ?? callId;
    const taken = newest(families.get(root) ?? [])?.callId ?? callId;
    if (taken === callId) return { callId, outcome: 'pending' };
    const other = callId === root ? `Its rerun ${taken}` : `A newer rerun of the same call, ${taken},`;
    return { callId, outcome: 'skipped', reason: `${other} is in this batch` };
  });
}

/** Returns which calls the batch would run again now. Starts nothing. Throws `Refusal`. */
export async function dryRun(deps: RerunDependencies, batch: BatchWish, maxCalls: number): Promise<DryRun> {
  const items = await listItems(deps, batch, maxCalls);
  const pending = items.filter(({ outcome }) => outcome === 'pending');
  const runs: CallSummary[] = [];
  for (let at = 0; at < pending.length; at += concurrency) {
    const some = pending.slice(at, at + concurrency);
    const plans = await Promise.all(some.map(({ callId }) => planRerun(deps, batch, callId)));
    runs.push(...plans.flatMap((plan) => (plan.does === 'run' ? [plan.call] : [])));
  }
  return { runs, skipped: items.length - runs.length };
}
