/** From a request to a started call: the agent's chain, the session's turn, the start (I1). */
import type { AgentConfig } from '../../domain/agent.ts';
import type { CallInput } from '../../domain/call.ts';
import type { ResolvedChain } from '../../domain/chain.ts';
import { Refusal } from '../../domain/failures.ts';
import type { GrantedTurn, Metadata, QueuedTurn } from '../../domain/session.ts';
import type { StoredText } from '../../domain/stored-text.ts';
import { PermitTimeout, type Semaphore } from '../../lib/semaphore.ts';
import { callOwner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import type { Agents } from '../agents/agents.ts';
import type { CallStatus } from './call-ending.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { Attached, Calls } from './calls.ts';
import type { Health } from '../agents/health.ts';
import { keepText } from '../../payloads/store-refusals.ts';
import type { RerunMemo } from '../reruns/rerun-memo.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { isUnanswered } from '../temporal/rpc.ts';
import { wantedChain, type WantedChain } from './requested-chain.ts';

export interface CallRequest extends WantedChain {
  readonly callId: string;
  /** HMAC of the canonical request; a repeat of the call id with another one is refused. */
  readonly fingerprint: string;
  readonly prompt: string;
  readonly sessionId?: string | undefined;
  readonly userId?: string | undefined;
  readonly metadata?: Metadata | undefined;
  readonly deadlineMs: number;
  readonly rerunOf?: string | undefined;
  readonly rerun?: RerunMemo | undefined;
}

export interface SubmitLimits {
  readonly maxChain: number;
  readonly maxCallsInFlight: number;
  readonly startPatienceMs: number;
  /** 0: agents are asked by an activity from the start. */
  readonly firstTaskWaitMs: number;
  /** Of an ask, at least. */
  readonly heartbeatTimeoutMs: number;
}

export interface SubmitDependencies {
  readonly agents: Agents;
  readonly health: Health;
  readonly sessions: Sessions;
  readonly calls: Calls;
  readonly inFlight: CallsInFlight;
  /** Bounds the starts that this node has in flight: the server would answer too many at once all too late. */
  readonly starts: Semaphore;
  readonly limits: SubmitLimits;
  readonly texts: TextStore;
}

/** A node sends at most this many heartbeats a second: each costs the server about 7 ms of CPU. */
const heartbeatsPerSecond = 25;

export interface Submitted {
  /** `running` if it was started now. */
  readonly status: CallStatus;
  /** A call of this id was there already. */
  readonly attached: boolean;
}

/** Throws `Refusal`; then nothing was accepted. */
export async function submitCall(deps: SubmitDependencies, request: CallRequest): Promise<Submitted> {
  const there = await repeatOfKnown(deps, request);
  if (there) return there;
  const agent = await deps.agents.find(request.agentName);
  if (!agent) return repeatOrRefuse(deps, request, notRegistered(request.agentName));
  let chain: ResolvedChain;
  try {
    chain = await wantedChain(deps, agent, request);
  } catch (refusal) {
    return repeatOrRefuse(deps, request, refusal);
  }
  const repeated = deps.inFlight.has(request.callId); // It adds no load.
  if (!repeated) admit(deps, agent);
  deps.inFlight.add(request.callId, agent.name, request.deadlineMs + 60_000);
  try {
    const prompt = await keepText(deps.texts, callOwner(request.callId), request.prompt);
    const wait = { timeoutMs: deps.limits.startPatienceMs };
    return await deps.starts.run(async () => {
      const turn = await openTurn(deps, request);
      const started = await startCall(deps, request, { chain, prompt, turn });
      if (started.state === 'started') return { status: 'running', attached: false };
      return { status: await attach(deps, request, started, turn), attached: true };
    }, wait);
  } catch (error) {
    // A refused repeat of a call that runs does not end that call.
    if (!repeated) deps.inFlight.done(request.callId);
    throw error instanceof PermitTimeout ? waitedTooLong(deps) : error;
  }
}

/** Beyond a bound a call is refused at once: nothing piles up. */
function admit({ inFlight, limits }: SubmitDependencies, agent: AgentConfig): void {
  const bounds = [
    { name: 'node', open: inFlight.size, quota: limits.maxCallsInFlight, who: 'This node' },
    {
      name: 'agent',
      open: inFlight.ofAgent(agent.name),
      quota: agent.maxConcurrency ?? Infinity,
      who: `Agent '${agent.name}'`,
    },
  ];
  for (const { name, open, quota, who } of bounds)
    if (open >= quota)
      throw new Refusal('overloaded', `${who} has ${open} calls in flight here, its limit`, {
        retryAfterSeconds: 1,
        limit: { name, quota },
      });
}

function waitedTooLong({ starts, limits }: SubmitDependencies): Refusal {
  const seconds = limits.startPatienceMs / 1_000;
  const message = `The call waited ${seconds} s to be started, behind others; ${starts.waiting} still wait`;
  return new Refusal('overloaded', message, {
    retryAfterSeconds: Math.max(1, Math.ceil(seconds / 2)),
    limit: { name: 'starts', quota: starts.permits },
  });
}

/** One that this node has seen needs no chain, no stored prompt and no turn: it is there, unless it was deleted. */
async function repeatOfKnown(deps: SubmitDependencies, request: CallRequest): Promise<Submitted | undefined> {
  if (!deps.calls.isKnown(request.callId)) return undefined;
  try {
    return await repeat(deps, request);
  } catch (error) {
    if (isUnanswered(error)) return undefined; // A start is more patient.
    throw error;
  }
}

/** A call of this key may have been accepted before an agent of its was removed. */
async function repeatOrRefuse(
  deps: SubmitDependencies,
  request: CallRequest,
  refusal: unknown,
): Promise<Submitted> {
  const there = await repeat(deps, request);
  if (!there) throw refusal;
  return there;
}

/** Undefined if there is no call of this id. */
async function repeat(
  { calls }: SubmitDependencies,
  { callId, fingerprint }: CallRequest,
): Promise<Submitted | undefined> {
  try {
    return { status: sameOrRefused(await calls.attach(callId, fingerprint)), attached: true };
  } catch (error) {
    if (error instanceof Refusal && error.type === 'call_not_found') return undefined;
    throw error;
  }
}

export function notRegistered(agent_name: string): Refusal {
  const message = `Agent '${agent_name}' not registered`;
  return new Refusal('agent_not_found', message, { extra: { success: false, agent_name, error: message } });
}

type Turn = GrantedTurn | QueuedTurn | { readonly state: 'committed' } | undefined;

async function openTurn(
  { sessions }: SubmitDependencies,
  { sessionId, callId, userId, metadata }: CallRequest,
): Promise<Turn> {
  if (sessionId === undefined) return undefined;
  return sessions.openTurn(sessionId, callId, { userId, metadata });
}

async function startCall(
  deps: SubmitDependencies,
  request: CallRequest,
  { chain, prompt, turn }: { chain: ResolvedChain; prompt: StoredText; turn: Turn },
) {
  // Its session has had this call's turn: only the call of that time can answer, never a new one.
  if (turn?.state === 'committed') return attachOnly(deps, request);
  const { callId, agentName, sessionId, userId, metadata, deadlineMs, rerunOf } = request;
  // A chain that is spelled out is asked in its order, whatever circuits are open.
  const spelledOut = request.fallbackAgents ?? request.startAt;
  const { agents, passedOver, giveBack } = spelledOut
    ? { agents: chain.agents, passedOver: [], giveBack: () => undefined }
    : deps.health.order(chain.agents, callId);
  const input: CallInput = {
    callId,
    agentName,
    prompt,
    ...(sessionId !== undefined && { sessionId }),
    ...(userId !== undefined && { userId }),
    ...(metadata && { metadata }),
    chain: agents,
    unregistered: chain.unregistered,
    ...(passedOver.length > 0 && { passedOver }),
    ...(turn && { turn }),
    deadlineMs,
    heartbeatTimeoutMs: Math.max(
      deps.limits.heartbeatTimeoutMs,
      Math.ceil((3_000 * deps.inFlight.size) / heartbeatsPerSecond),
    ),
    ...(deps.limits.firstTaskWaitMs > 0 && { firstTaskWaitMs: deps.limits.firstTaskWaitMs }),
    ...(rerunOf !== undefined && { rerunOf }),
  };
  try {
    const started = await deps.calls.start(input, request.fingerprint, request.rerun);
    if (started.state === 'attached') giveBack(); // The call that is there has its own chain.
    return started;
  } catch (error) {
    giveBack();
    // Refused for certain: nobody will use the turn. An unclear start keeps it; the session frees it if need be.
    if (sessionId !== undefined && !(error instanceof Refusal && error.type === 'temporal_unavailable'))
      await deps.sessions.releaseTurn(sessionId, callId);
    throw error;
  }
}

async function attachOnly(deps: SubmitDependencies, { callId, fingerprint }: CallRequest) {
  try {
    return await deps.calls.attach(callId, fingerprint);
  } catch (error) {
    if (!(error instanceof Refusal && error.type === 'call_not_found')) throw error;
    throw new Refusal(
      'idempotency_mismatch',
      'The session holds a call of this key whose retention is over; use a new Idempotency-Key',
    );
  }
}

async function attach(
  deps: SubmitDependencies,
  { sessionId, callId }: CallRequest,
  attached: Attached,
  turn: Turn,
): Promise<CallStatus> {
  const running = attached.status === 'running';
  if (!running) {
    deps.inFlight.done(callId);
    deps.health.release(callId);
  }
  // The turn is the running call's own. One for a call that ended, or is in another session, is given back.
  const ours = running && attached.sessionId === sessionId;
  if (sessionId !== undefined && turn?.state !== 'committed' && !ours)
    await deps.sessions.releaseTurn(sessionId, callId);
  return sameOrRefused(attached);
}

function sameOrRefused({ sameRequest, status }: Attached): CallStatus {
  if (!sameRequest)
    throw new Refusal('idempotency_mismatch', 'Use a new Idempotency-Key for another request');
  return status;
}
