/**
 * A family of reruns: a call (its root), and all that ran it or one of its reruns again with the same prompt. Each rerun
 * takes the next free number of its root, which its id is made of. Lists lag, so a family is found by looks at the
 * numbers; a list only adds what has no number (ADR 0022).
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

/** How often the calls of one family are run again (I7). */
export const maxReruns = 1_024;
/** A walk ends where so many numbers in a row are free: fewer may be those of calls that were deleted. */
const lookAhead = 4;
const looksAtOnce = 16;
const idsPerList = 50;
const linkTimeout = '1 day';

export interface Family {
  readonly root: string;
  /** The root, where it is kept still, and its reruns, but for those that begin a family of their own. */
  readonly members: readonly CallSummary[];
  /** All reruns that took a number of this family, and those of before there were numbers. */
  readonly reruns: readonly CallSummary[];
  /** Above `maxReruns`: it takes no more. */
  readonly nextNumber: number;
}

interface NumberTaken {
  readonly number: number;
  /** Absent where the number is that of a link and its call is not kept any more. */
  readonly call?: CallSummary;
}

/** The family of this call. Throws the refusal `call_not_found`. */
export async function findFamily(temporal: Temporal, callId: string): Promise<Family> {
  const call = summaryOf(await describeExecution(temporal, callId));
  const root = await rootOf(temporal, call);
  const rootCall = root === callId ? call : await look(temporal, root);
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

/** The first call of this one's family. Calls of before families tell only what they run again themselves. */
export async function rootOf(temporal: Temporal, call: CallSummary): Promise<string> {
  let at = call;
  for (let generations = 0; generations < maxReruns; generations++) {
    const { callId, rerunOf, rerun } = at;
    if (rerun) return rerun.ownPrompt ? callId : rerun.root;
    if (rerunOf === undefined) return callId;
    const before = await look(temporal, rerunOf);
    if (!before) return rerunOf;
    at = before;
  }
  return at.callId;
}

/** Takes a number for a call whose id is made of its Idempotency-Key, so that the walk finds it. */
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

/** It has a prompt of its own: its reruns are another family's. */
function leaves(call: CallSummary | undefined, root: string): boolean {
  return call?.rerun?.ownPrompt === true && call.callId !== root;
}

/** Of the numbers above `looked`: up to the first `lookAhead` in a row, above `highest`, that are free. */
async function takenNumbers(
  temporal: Temporal,
  root: string,
  looked: number,
  highest: number,
): Promise<NumberTaken[]> {
  const taken: NumberTaken[] = [];
  for (let [at, end] = [looked, highest + lookAhead]; at < Math.min(end, maxReruns);) {
    const count = Math.min(looksAtOnce, end - at, maxReruns - at);
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
  const linked = await look(temporal, (info.memo as unknown as LinkMemo).callId);
  // Its own memo names no number.
  return { number, ...(linked && { call: { ...linked, rerun: { ...linked.rerun, root, number } } }) };
}

/** What lists know to run one of these again, beyond what is known; each looked at, since lists lag. */
async function listedReruns(
  temporal: Temporal,
  callIds: readonly string[],
  known: ReadonlyMap<string, CallSummary>,
): Promise<CallSummary[]> {
  const ids = new Set<string>();
  for (let at = 0; at < callIds.length; at += idsPerList)
    for await (const { execution } of listAll(temporal, rerunsQuery(callIds.slice(at, at + idsPerList))))
      ids.add(callIdOf(execution?.workflowId ?? ''));
  const looks = [...ids].filter((id) => !known.has(id)).map((id) => look(temporal, id));
  return (await Promise.all(looks)).filter((one) => one !== undefined);
}

async function look(temporal: Temporal, callId: string): Promise<CallSummary | undefined> {
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
