/** Finds out which failed calls were answered after all: by a rerun, or by a rerun of a rerun. */
import { rerunsQuery } from './call-filter.ts';
import type { CallSummary } from './call-summary.ts';
import { listedCall } from './listed-call.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { listAll } from '../temporal/visibility.ts';

/** How many ids one query names, so that it does not grow without bound. */
const idsAtOnce = 100;
/** How deep reruns of reruns are followed. Each level takes one query or more. */
const maxDepth = 20;

/**
 * Returns the ids of those calls that were answered by a rerun. From visibility, which may lag by seconds. Needs no query if
 * none of the calls has failed, and one if none of them has a rerun. Throws the refusal `temporal_unavailable`.
 */
export async function resolvedAmong(
  temporal: Temporal,
  calls: readonly Pick<CallSummary, 'callId' | 'status'>[],
): Promise<Set<string>> {
  const failed = calls.filter(({ status }) => status === 'failed').map(({ callId }) => callId);
  const reruns = new Map<string, CallSummary[]>();
  const seen = new Set(failed);
  let level = failed;
  for (let depth = 0; level.length > 0 && depth < maxDepth; depth++) {
    const next: string[] = [];
    for await (const rerun of rerunsOf(temporal, level)) {
      const { callId, status, rerunOf = '' } = rerun;
      reruns.set(rerunOf, [...(reruns.get(rerunOf) ?? []), rerun]);
      if (seen.has(callId) || status === 'running' || status === 'completed') continue;
      seen.add(callId);
      next.push(callId);
    }
    level = next;
  }
  return new Set(failed.filter((callId) => isResolved(callId, reruns)));
}

function isResolved(callId: string, reruns: ReadonlyMap<string, readonly CallSummary[]>): boolean {
  const seen = new Set([callId]);
  for (const one of seen)
    for (const rerun of reruns.get(one) ?? []) {
      if (rerun.status === 'completed') return true;
      seen.add(rerun.callId);
    }
  return false;
}

async function* rerunsOf(temporal: Temporal, callIds: readonly string[]): AsyncGenerator<CallSummary> {
  for (let at = 0; at < callIds.length; at += idsAtOnce)
    for await (const item of listAll(temporal, rerunsQuery(callIds.slice(at, at + idsAtOnce))))
      yield await listedCall(temporal, item);
}
