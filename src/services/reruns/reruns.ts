/**
 * Runs a call again: starts a new call with the same request, except for what is overridden, and with the agents' current
 * configs.
 */
import { randomUUID } from 'node:crypto';
import { invalid, Refusal } from '../../domain/failures.ts';
import { rerunIdOf } from '../../domain/hashed-ids.ts';
import { traceIn, type OpenSpan, type TraceContext } from '../../domain/trace-context.ts';
import { promptOf } from '../../domain/turn-text.ts';
import type { CallRecords } from '../calls/call-records.ts';
import type { CallSummary } from '../calls/call-summary.ts';
import { findFamily, linkToFamily, maxReruns, type Family } from './rerun-family.ts';
import { submitCall, type CallRequest, type SubmitDependencies } from '../calls/submit-call.ts';
import type { Temporal } from '../temporal/rpc.ts';
import type { WantedChain } from '../calls/requested-chain.ts';

/** The changes that a rerun makes to the call's request. Absent members stay as they were. */
export interface RerunOverrides {
  readonly agentName?: string | undefined;
  readonly fallbackAgents?: readonly string[] | undefined;
  readonly prompt?: string | undefined;
  readonly deadlineMs?: number | undefined;
  readonly from?: 'start' | 'failed_agent' | undefined;
}

export interface RerunDependencies extends SubmitDependencies {
  readonly temporal: Temporal;
  readonly records: CallRecords;
  readonly sealer: { fingerprint(text: string): string };
  readonly tracing: { root(name: string): OpenSpan };
}

/** Identifies the call that a request starts, or to which a repeat of the request attaches. */
export type CallIdentity = Pick<CallRequest, 'callId' | 'fingerprint' | 'isKeyed'>;

/** What the sender of a request for a rerun may do. */
export interface RerunSender extends Pick<CallRequest, 'payer'> {
  /** Throws the refusal `agent_not_allowed` if the sender may not call the agent. */
  readonly requireAgent: (agent: string) => void;
  /** The span of the request. The rerun belongs to its trace, which is linked to that of the call that it runs again. */
  readonly span: OpenSpan | undefined;
}

/** The call that a request for a rerun has started or is attached to. */
export interface Rerun {
  readonly callId: string;
  /** Whether an earlier request with the same Idempotency-Key has started the rerun. */
  readonly attached: boolean;
}

/**
 * Runs a call again. `given` is the identity that follows from an Idempotency-Key. Without a key, each request starts another
 * rerun, whose id is made from the next free number of its family (rerun-family.ts). Throws `Refusal`.
 */
export async function rerunCall(
  deps: RerunDependencies,
  callId: string,
  overrides: RerunOverrides,
  given: CallIdentity | undefined,
  { requireAgent, payer, span }: RerunSender,
): Promise<Rerun> {
  const asked = await rerunRequest(deps, callId, overrides, requireAgent);
  const request = { ...inTraceOf(asked, span), payer };
  for (const agent of [request.agentName, ...(request.fallbackAgents ?? [])]) requireAgent(agent);
  const family = await findFamily(deps.temporal, callId);
  if (given) return rerunKeyed(deps, request, family, given);
  // A unique fingerprint: if another rerun takes a number first, this request does not attach to it but tries the next one.
  const fingerprint = randomUUID();
  for (let number = family.nextNumber; number <= maxReruns; number++) {
    const rerunId = await submitNumbered(deps, request, fingerprint, { root: family.root, number });
    if (rerunId !== undefined) return { callId: rerunId, attached: false };
  }
  throw runTooOften(family);
}

/** Puts a rerun into the trace of a span, and links that to the trace of the call that it runs again. */
export function inTraceOf(
  { rerunOfTrace, ...request }: RerunRequest,
  span: OpenSpan | undefined,
): RerunRequest {
  if (rerunOfTrace) span?.linkTo(rerunOfTrace);
  return { ...request, trace: span?.context };
}

/** Starts the rerun with this number and returns its id. Undefined if a request with another fingerprint has the number. */
export async function submitNumbered(
  deps: SubmitDependencies,
  { ownPrompt, ...request }: RerunRequest,
  fingerprint: string,
  place: { readonly root: string; readonly number: number; readonly batchId?: string },
): Promise<string | undefined> {
  const callId = rerunIdOf(place.root, place.number);
  const rerun = { ...place, ...(ownPrompt && { ownPrompt }) };
  try {
    await submitCall(deps, { ...request, callId, fingerprint, rerun });
    return callId;
  } catch (error) {
    if (error instanceof Refusal && error.type === 'idempotency_mismatch') return undefined;
    throw error;
  }
}

/** Starts a rerun whose id derives from an Idempotency-Key. A link takes a number of the family for it. */
async function rerunKeyed(
  deps: RerunDependencies,
  { ownPrompt, ...request }: RerunRequest,
  family: Family,
  given: CallIdentity,
): Promise<Rerun> {
  const { root } = family;
  const known = family.reruns.some(({ callId }) => callId === given.callId);
  if (!known && family.nextNumber > maxReruns) throw runTooOften(family);
  const rerun = { root, ...(ownPrompt && { ownPrompt }) };
  const { attached } = await submitCall(deps, { ...request, ...given, rerun });
  if (!ownPrompt) await linkToFamily(deps.temporal, family, given.callId);
  return { callId: given.callId, attached };
}

function runTooOften({ root }: Family): Refusal {
  return new Refusal(
    'validation_failed',
    `Call '${root}' and its reruns were run again ${maxReruns} times, the most there is; make a new call of it`,
    { extra: { errors: [{ field: 'id', message: `was run again ${maxReruns} times` }] } },
  );
}

interface RerunRequest extends Omit<CallRequest, keyof CallIdentity | 'rerun'> {
  /** Set if the rerun's prompt differs from that of the call that it runs again. */
  readonly ownPrompt?: true;
  /** The trace of the call that it runs again. */
  readonly rerunOfTrace?: TraceContext | undefined;
}

/**
 * Makes the request of a rerun: that of the call, with the overrides. Throws the refusals `call_not_found`, `payload_lost` and
 * `validation_failed`, which names the field.
 */
export async function rerunRequest(
  { records }: Pick<RerunDependencies, 'records'>,
  callId: string,
  overrides: RerunOverrides,
  requireAgent: (agent: string) => void = () => undefined,
): Promise<RerunRequest> {
  const { prompt, deadlineMs } = overrides;
  // If the prompt is overridden, it does not matter whether the call's own is lost.
  const input = prompt === undefined ? await records.input(callId) : await records.readableInput(callId);
  requireAgent(input.agentName); // Its prompt and its session's messages were for that agent.
  return {
    ...(await wantedAgents(records, { callId, agentAsked: input.agentName }, overrides)),
    prompt: prompt ?? promptOf(input),
    sessionId: input.sessionId,
    userId: input.userId,
    metadata: input.metadata,
    deadlineMs: deadlineMs ?? input.deadlineMs,
    callbackUrl: input.callbackUrl,
    rerunOf: callId,
    rerunOfTrace: traceIn(input),
    ...(prompt !== undefined && prompt !== promptOf(input) && { ownPrompt: true }),
  };
}

/** Determines which agents a rerun of this call may ask. Throws `Refusal`. */
export async function wantedAgents(
  records: CallRecords,
  { callId, agentAsked }: Pick<CallSummary, 'callId' | 'agentAsked'>,
  { agentName, fallbackAgents, from }: Pick<RerunOverrides, 'agentName' | 'fallbackAgents' | 'from'>,
): Promise<WantedChain> {
  return {
    agentName: agentName ?? agentAsked,
    fallbackAgents,
    ...(from === 'failed_agent' && { startAt: await failedAgentOf(records, callId) }),
  };
}

/** Returns the agent whose failure ended the call, and the agents that had failed before it. */
async function failedAgentOf(
  records: CallRecords,
  callId: string,
): Promise<NonNullable<CallRequest['startAt']>> {
  const { ending } = await records.describe(callId);
  const failed =
    ending?.attempts?.filter(({ status }) => status === 'failed').map(({ agent }) => agent) ?? [];
  const agent = failed.at(-1);
  if (agent === undefined) throw invalid('from', 'no agent has failed in that call; leave it out');
  return { agent, leaveOut: failed.slice(0, -1) };
}
