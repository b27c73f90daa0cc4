/** The calls of a batch, one for each family of reruns, and what a batch would do with them now. */
import type { BatchItem } from '../../domain/batch.ts';
import { toCallFilter } from './batch-filter.ts';
import { newest, planRerun, type BatchWish } from './batch-plan.ts';
import type { CallSummary } from '../calls/call-summary.ts';
import { rootOf } from './rerun-family.ts';
import type { RerunDependencies } from './reruns.ts';

/** Calls that a dry run looks at at a time. */
const looksAtOnce = 8;

export interface DryRun {
  readonly runs: readonly CallSummary[];
  readonly skipped: number;
}

/** As the list orders the calls, each once; of a family all but the newest are left to that one. */
export async function listItems(
  deps: RerunDependencies,
  { filter }: BatchWish,
  maxCalls: number,
): Promise<BatchItem[]> {
  const calls = new Map<string, CallSummary>();
  for await (const call of deps.records.all(toCallFilter(filter))) {
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

/** Starts nothing. Throws `Refusal`. */
export async function dryRun(deps: RerunDependencies, batch: BatchWish, maxCalls: number): Promise<DryRun> {
  const items = await listItems(deps, batch, maxCalls);
  const pending = items.filter(({ outcome }) => outcome === 'pending');
  const runs: CallSummary[] = [];
  for (let at = 0; at < pending.length; at += looksAtOnce) {
    const some = pending.slice(at, at + looksAtOnce);
    const plans = await Promise.all(some.map(({ callId }) => planRerun(deps, batch, callId)));
    runs.push(...plans.flatMap((plan) => (plan.does === 'run' ? [plan.call] : [])));
  }
  return { runs, skipped: items.length - runs.length };
}
