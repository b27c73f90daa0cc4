/**
 * Finds families of reruns. A family is a call (the root), its reruns and their reruns, all with the same prompt. Each rerun
 * takes the next free number of the family, and its id is made from the root and that number. Because visibility lags, the
 * family is found by describing the ids of one number after the other; a list only adds reruns that have no number (ADR 0022).
 */
import { WorkflowExecutionAlreadyStartedError, type WorkflowExecutionDescription } from '@temporalio/client';
import { Refusal } from '../../domain/failures.ts';
import { rerunIdOf } from '../../domain/hashed-ids.ts';
import { callIdOf, callWorkflowId } from '../../domain/ids.ts';
import { describeExecution } from '../calls/call-execution.ts';
import { rerunsQuery } from '../calls/call-filter.ts';
import { summaryOf, type CallSummary } from '../calls/call-summary.ts';
import { rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from '../temporal/rpc.ts';
import { listAll } from '../temporal/visibility.ts';

/** The most reruns of one family (I7). */
export const maxReruns = 1_024;
/** The search ends when this many numbers in a row are free. A shorter gap may be left by calls that were deleted. */
const lookAhead = 4;
const concurrency = 16;
const idsPerList = 50;
const linkTimeout = '1 day';

/** A family, as far as it is known (see the top of this file). */
export interface Family {
  readonly root: string;
  /** The root, unless its retention is over, and its reruns, without those that begin a new family. */
  readonly members: readonly CallSummary[];
  /** All reruns that have a number of this family, and those from before reruns had numbers. */
  readonly reruns: readonly CallSummary[];
  /** The next free number. If it is above `maxReruns`, the family takes no more reruns. */
  readonly nextNumber: number;
}

interface NumberTaken {
  readonly number: number;
  /** The call that has the number. Absent if a link has the number and the retention of its call is over. */
  readonly call?: CallSummary;
}

/** Finds the family that this call belongs to. Throws the refusal `call_not_found`. */
export async function findFamily(temporal: Temporal, callId: string): Promise<Family> {
  const call = summaryOf(await describeExecution(temporal, callId));
  const root = await rootOf(temporal, call);
  const rootCall = root === callId ? call : await findCall(temporal, root);
  const reruns = new Map<string, CallSummary>(root === callId ? [] : [[callId, call]]);
  const asked = new Set<string>();
  let [highest, looked] = [call.rerun?.root === root ? (call.rerun.number ?? 0) : 0, 0];
  for (;;) {
    for (const { number, call: taken } of await takenNumbers(temporal, root, looked, highest)) {
      highest = Math.max(highest, number);
      if (taken) reruns.set(taken.callId, taken);
    }
    looked = highest + lookAhead;
    const unasked = [root, ...reruns.keys()].filter((id) => !asked.has(id) && !leaves(reruns.get(id), root));
    if (unasked.length === 0) break;
    for (const id of unasked) asked.add(id);
    for (const listed of await listedReruns(temporal, unasked, reruns)) {
      if (listed.rerun && listed.rerun.root !== root) continue;
      reruns.set(listed.callId, listed);
      highest = Math.max(highest, listed.rerun?.number ?? 0);
    }
  }
  const members = [...reruns.values()].filter((one) => !leaves(one, root));
  return {
    root,
    members: rootCall ? [rootCall, ...members] : members,
    reruns: [...reruns.values()],
    nextNumber: highest + 1,
  };
}

/**
 * Returns the id of the root of the call's family. Reruns from before families existed record only the call that they run
 * again, so the chain of such calls is followed.
 */
export async function rootOf(temporal: Temporal, call: CallSummary): Promise<string> {
  let at = call;
  for (let generations = 0; generations < maxReruns; generations++) {
    const { callId, rerunOf, rerun } = at;
    if (rerun) return rerun.ownPrompt ? callId : rerun.root;
    if (rerunOf === undefined) return callId;
    const before = await findCall(temporal, rerunOf);
    if (!before) return rerunOf;
    at = before;
  }
  return at.callId;
}

/**
 * Takes a number for a rerun whose id derives from its Idempotency-Key, so that `findFamily` finds it. A small workflow (the
 * link) gets the id of that number and names the call in its memo.
 */
export async function linkToFamily(temporal: Temporal, family: Family, callId: string): Promise<void> {
  if (family.reruns.some((one) => one.callId === callId && one.rerun?.number !== undefined)) return;
  for (let number = family.nextNumber; number <= maxReruns; number++) {
    try {
      await startLink(temporal, rerunIdOf(family.root, number), callId);
      return;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if ((await takenNumber(temporal, family.root, number))?.call?.callId === callId) return;
    }
  }
}

/** Whether the call begins a new family, because it has another prompt. */
function leaves(call: CallSummary | undefined, root: string): boolean {
  return call?.rerun?.ownPrompt === true && call.callId !== root;
}

/** Returns the taken numbers above `looked`. The search ends after `lookAhead` free numbers in a row above `highest`. */
async function takenNumbers(
  temporal: Temporal,
  root: string,
  looked: number,
  highest: number,
): Promise<NumberTaken[]> {
  const taken: NumberTaken[] = [];
  for (let [at, end] = [looked, highest + lookAhead]; at < Math.min(end, maxReruns);) {
    const count = Math.min(concurrency, end - at, maxReruns - at);
    const numbers = Array.from({ length: count }, (_, index) => at + 1 + index);
    const found = await Promise.all(numbers.map((number) => takenNumber(temporal, root, number)));
    taken.push(...found.filter((one) => one !== undefined));
    end = Math.max(end, (taken.at(-1)?.number ?? 0) + lookAhead);
    at += count;
  }
  return taken;
}

async function takenNumber(
  temporal: Temporal,
  root: string,
  number: number,
): Promise<NumberTaken | undefined> {
  const info = await describe(temporal, rerunIdOf(root, number));
  if (!info) return undefined;
  if (info.type !== 'rerunLink') return { number, call: summaryOf(info) };
  const linked = await findCall(temporal, (info.memo as unknown as LinkMemo).callId);
  // The call's own memo has no number.
  return { number, ...(linked && { call: { ...linked, rerun: { ...linked.rerun, root, number } } }) };
}

/**
 * Returns the reruns of these calls that visibility lists and that are not in `known`. Each of them is described, because
 * visibility lags.
 */
async function listedReruns(
  temporal: Temporal,
  callIds: readonly string[],
  known: ReadonlyMap<string, CallSummary>,
): Promise<CallSummary[]> {
  const ids = new Set<string>();
  for (let at = 0; at < callIds.length; at += idsPerList)
    for await (const { execution } of listAll(temporal, rerunsQuery(callIds.slice(at, at + idsPerList))))
      ids.add(callIdOf(execution?.workflowId ?? ''));
  const found = [...ids].filter((id) => !known.has(id)).map((id) => findCall(temporal, id));
  return (await Promise.all(found)).filter((one) => one !== undefined);
}

async function findCall(temporal: Temporal, callId: string): Promise<CallSummary | undefined> {
  const info = await describe(temporal, callId);
  return info && summaryOf(info);
}

async function describe(
  temporal: Temporal,
  callId: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await describeExecution(temporal, callId);
  } catch (error) {
    if (error instanceof Refusal && error.type === 'call_not_found') return undefined;
    throw error;
  }
}

interface LinkMemo {
  readonly callId: string;
}

async function startLink(temporal: Temporal, id: string, callId: string): Promise<void> {
  const memo: LinkMemo = { callId };
  await rpc(temporal, rpcTimeoutMs.write, () =>
    temporal.client.workflow.start('rerunLink', {
      workflowId: callWorkflowId(id),
      taskQueue: temporal.taskQueue,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      workflowTaskTimeout,
      workflowExecutionTimeout: linkTimeout,
      memo: { ...memo },
    }),
  );
}
