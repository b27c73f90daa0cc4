/** Converts batches to the API's form. */
import type * as wire from '../../contract/reruns.ts';
import type { BatchSummary } from '../../services/reruns/batches.ts';
import type { BatchFilter, BatchItem } from '../../domain/batch.ts';
import { without } from '../../lib/without.ts';
import { defaultProject, ownSessionId, sessionIn } from '../../domain/project.ts';

/** Converts the filter of a request. Of `default` it is as it was before projects existed. */
export function toBatchFilter(
  project: string,
  filter: Readonly<Partial<Record<string, string>>>,
): BatchFilter {
  const { session } = filter;
  const ofProject = project === defaultProject ? {} : { project };
  const inside = session === undefined ? {} : { session: sessionIn(project, session) };
  return { ...filter, ...ofProject, ...inside };
}

export function batchToWire({ progress, overrides, ...batch }: BatchSummary): wire.Batch {
  const filter = without(batch.filter, 'project');
  const { session } = filter;
  return {
    batch_id: batch.batchId,
    status: batch.status,
    filter: { ...filter, ...(session !== undefined && { session: ownSessionId(session) }) },
    overrides: {
      agent_name: overrides.agentName ?? null,
      fallback_agents: overrides.fallbackAgents ?? null,
      deadline_seconds: overrides.deadlineMs === undefined ? null : overrides.deadlineMs / 1_000,
      from: overrides.from ?? null,
      own_prompt: overrides.ownPrompt,
    },
    total: progress.total,
    done: progress.done,
    now_succeeded: progress.nowSucceeded,
    failed_again: progress.failedAgain,
    skipped: progress.skipped,
    started_at: batch.startedAt.toISOString(),
    ended_at: batch.endedAt?.toISOString() ?? null,
  };
}

export function batchItemToWire(item: BatchItem): wire.BatchItem {
  return {
    call_id: item.callId,
    rerun_id: 'rerunId' in item ? item.rerunId : null,
    outcome: item.outcome,
    error_type: item.outcome === 'failed' ? item.errorType : null,
    reason: item.outcome === 'skipped' ? item.reason : null,
  };
}
