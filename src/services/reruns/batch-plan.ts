/**
 * Decides whether a batch runs a call again. A dry run and a real run decide by the same rules; the real run decides just
 * before each start.
 */
import { Refusal } from '../../domain/failures.ts';
import { ownSessionId, projectOf } from '../../domain/project.ts';
import { sessionWorkflowId } from '../../domain/ids.ts';
import { callFilterOf } from './batch-filter.ts';
import { callStatusOf } from '../calls/call-execution.ts';
import { matches } from '../calls/call-matches.ts';
import type { CallSummary } from '../calls/call-summary.ts';
import type { BatchFilter } from '../../domain/batch.ts';
import { findFamily, maxReruns, type Family } from './rerun-family.ts';
import { wantedAgents, type RerunDependencies, type RerunOverrides } from './reruns.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { notRegistered, wantedChain } from '../calls/requested-chain.ts';

/** The part of a batch that a dry run has too. */
export interface BatchWish {
  /** The id of the batch. Absent in a dry run. */
  readonly batchId?: string;
  readonly filter: BatchFilter;
  readonly overrides: Omit<RerunOverrides, 'prompt'>;
}

/** The plan for one call of a batch. */
export type Plan =
  | { readonly does: 'skip'; readonly reason: string }
  /** This batch has already started a rerun of the call. */
  | { readonly does: 'wait'; readonly rerunId: string }
  | {
      readonly does: 'run';
      /** The newest member of the family that matches the filter, usually the call itself. */
      readonly call: CallSummary;
      readonly root: string;
      readonly number: number;
    };

/**
 * Plans what the batch does with a call. `leastNumber` is the least number to consider for the rerun, because lower ones turned
 * out to be taken. Throws `temporal_unavailable`.
 */
export async function planRerun(
  deps: RerunDependencies,
  batch: BatchWish,
  callId: string,
  leastNumber = 1,
): Promise<Plan> {
  let family: Family;
  try {
    family = await findFamily(deps.temporal, callId);
  } catch (error) {
    if (error instanceof Refusal && error.type === 'call_not_found')
      return { does: 'skip', reason: error.message };
    throw error;
  }
  const begun = family.reruns.find(
    ({ rerun }) => rerun?.batchId !== undefined && rerun.batchId === batch.batchId,
  );
  if (begun) return { does: 'wait', rerunId: begun.callId };
  const call = newest(family.members.filter((one) => matches(callFilterOf(batch.filter), one)));
  const reason = whySkipped(family, callId) ?? (call && (await whyRefused(deps, batch, call)));
  if (reason !== undefined || !call)
    return { does: 'skip', reason: reason ?? 'The filter is not about it any more' };
  const number = Math.max(family.nextNumber, leastNumber);
  if (number > maxReruns)
    return { does: 'skip', reason: `It was run again ${maxReruns} times, the most there is` };
  return { does: 'run', call, root: family.root, number };
}

/** Returns the call that started last; undefined if the list is empty. */
export function newest<C extends CallSummary>(calls: readonly C[]): C | undefined {
  return calls.reduce<C | undefined>(
    (latest, one) => (latest && latest.startedAt >= one.startedAt ? latest : one),
    undefined,
  );
}

/**
 * Returns a reason in the call's family for skipping the call; undefined if there is none. If a call of the family was
 * answered, no rerun is needed; if one runs, it may be answered soon.
 */
function whySkipped(family: Family, callId: string): string | undefined {
  const { members } = family;
  const answered = members.find(({ status }) => status === 'completed');
  if (answered)
    return answered.callId === callId
      ? 'It has been answered since it was listed'
      : `${who(family, callId, answered)} has answered`;
  const running = members.find(({ status }) => status === 'running');
  if (running)
    return running.callId === callId
      ? 'It runs again since it was listed'
      : `${who(family, callId, running)} runs`;
  return undefined;
}

/** Returns the subject of the sentence that gives the reason: how `other` is related to the call. */
function who({ root }: Family, callId: string, { callId: other }: CallSummary): string {
  if (callId === root) return `Its rerun ${other}`;
  return other === root
    ? `The call ${other} that it runs again`
    : `Another rerun of the same call, ${other},`;
}

/** Returns the refusal that a start would get now because of its agents or its session; undefined if it would get none. */
async function whyRefused(
  deps: RerunDependencies,
  { overrides }: BatchWish,
  call: CallSummary,
): Promise<string | undefined> {
  if (call.sessionId !== undefined && !(await sessionExists(deps.temporal, call.sessionId)))
    return `Its session '${ownSessionId(call.sessionId)}' was deleted`;
  try {
    const wanted = await wantedAgents(deps.records, call, overrides);
    const agent = await deps.agents.find(projectOf(call.callId), wanted.agentName);
    if (!agent) throw notRegistered(wanted.agentName);
    await wantedChain(deps, projectOf(call.callId), agent, wanted);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal && error.type !== 'temporal_unavailable') return error.message;
    throw error;
  }
}

async function sessionExists(temporal: Temporal, sessionId: string): Promise<boolean> {
  const session = await describeWorkflow(temporal, sessionWorkflowId(sessionId));
  return session !== undefined && callStatusOf(session.status.name) === 'running';
}
