/** Running a call again: a new call with the same request on today's agents, or with what is overridden. */
import { createHash } from 'node:crypto';
import { Refusal } from '../domain/failures.ts';
import type { CallStatus } from './call-ending.ts';
import type { CallRecords } from './call-records.ts';
import { canonicalJson } from './canonical-json.ts';
import { submitCall, type CallRequest, type SubmitDependencies, type Submitted } from './submit-call.ts';
import { invalid } from './wanted-chain.ts';

export interface RerunOverrides {
  readonly agentName?: string | undefined;
  readonly fallbackAgents?: readonly string[] | undefined;
  readonly prompt?: string | undefined;
  readonly deadlineMs?: number | undefined;
  readonly from?: 'start' | 'failed_agent' | undefined;
}

export interface RerunDependencies extends SubmitDependencies {
  readonly records: CallRecords;
  readonly sealer: { fingerprint(text: string): string };
}

type Identity = Pick<CallRequest, 'callId' | 'fingerprint'>;

export interface Rerun {
  readonly callId: string;
  /** It was there already. */
  readonly attached: boolean;
}

/** How often one call is run again with the same overrides and no Idempotency-Key (I7). */
const maxOrdinals = 1_024;

/**
 * Without an identity the new call's id is made of the call, the overrides and a number: a second click finds the rerun
 * that runs and attaches to it; once that has ended the next number is taken. Throws `Refusal`.
 */
export async function rerunCall(
  deps: RerunDependencies,
  callId: string,
  overrides: RerunOverrides,
  given?: Identity,
): Promise<Rerun> {
  const request = await rerunRequest(deps, callId, overrides);
  if (given) {
    const { attached } = await submitRerun(deps, request, given);
    return { callId: given.callId, attached };
  }
  const wish = canonicalJson({ rerun_of: callId, overrides });
  const fingerprint = deps.sealer.fingerprint(wish);
  const idOf = (ordinal: number): string => hashed(['rerun', wish, ordinal]);
  const next = await firstNotEnded((ordinal) => statusOf(deps, idOf(ordinal)));
  const identity = { callId: idOf(next.ordinal), fingerprint };
  if (next.status === 'running') return { callId: identity.callId, attached: true };
  // Whoever else took this number since we looked did so for a click of the same moment: theirs is ours.
  const { attached } = await submitRerun(deps, request, identity);
  return { callId: identity.callId, attached };
}

export function submitRerun(
  deps: RerunDependencies,
  request: Omit<CallRequest, keyof Identity>,
  identity: Identity,
): Promise<Submitted> {
  return submitCall(deps, { ...request, ...identity });
}

/** Throws the refusals `call_not_found`, `payload_lost` and, naming the field, `validation_failed`. */
export async function rerunRequest(
  { records }: Pick<RerunDependencies, 'records'>,
  callId: string,
  { agentName, fallbackAgents, prompt, deadlineMs, from }: RerunOverrides,
): Promise<Omit<CallRequest, keyof Identity>> {
  // With another prompt it does not matter whether the call's own is lost.
  const input =
    prompt === undefined ? await records.input(callId) : { ...(await records.startInput(callId)), prompt };
  return {
    agentName: agentName ?? input.agentName,
    prompt: input.prompt,
    sessionId: input.sessionId,
    userId: input.userId,
    metadata: input.metadata,
    deadlineMs: deadlineMs ?? input.deadlineMs,
    rerunOf: callId,
    fallbackAgents,
    ...(from === 'failed_agent' && { startAt: await failedAgentOf(records, callId) }),
  };
}

/** The agent whose failure ended the call, and those that had failed before it. */
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

export function hashed(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}

interface Ordinal {
  readonly ordinal: number;
  readonly status: CallStatus | 'missing';
}

/** Numbers are used up in order: it is looked for in steps that double, then halve. */
async function firstNotEnded(look: (ordinal: number) => Promise<Ordinal['status']>): Promise<Ordinal> {
  const goesOn = (status: Ordinal['status']): boolean => status === 'running' || status === 'missing';
  let ended = -1;
  for (let ordinal = 0; ordinal < maxOrdinals; ordinal = 2 * ordinal + 1) {
    const status = await look(ordinal);
    if (!goesOn(status)) {
      ended = ordinal;
      continue;
    }
    let found: Ordinal = { ordinal, status };
    while (found.ordinal - ended > 1) {
      const middle = Math.floor((found.ordinal + ended) / 2);
      const there = await look(middle);
      if (goesOn(there)) found = { ordinal: middle, status: there };
      else ended = middle;
    }
    return found;
  }
  throw new Refusal(
    'validation_failed',
    `That call was run again so ${maxOrdinals} times; send an Idempotency-Key to run it once more`,
    { extra: { errors: [{ field: 'Idempotency-Key', message: 'needed for yet another rerun' }] } },
  );
}

async function statusOf({ records }: RerunDependencies, callId: string): Promise<Ordinal['status']> {
  try {
    return await records.status(callId);
  } catch (error) {
    if (error instanceof Refusal && error.type === 'call_not_found') return 'missing';
    throw error;
  }
}
