/**
 * Turns a request into a started call (I1), in five steps: `resolve`, `admit`, `keepText` (a large prompt goes to the payload
 * store), `acquireTurn`, `start`. Each step checks before it takes anything, and what a step took is given back if a later one
 * refuses. If a call with the request's id already exists, the request attaches to it; that may turn out before the first step,
 * in `resolve`, in `acquireTurn` or in `start`.
 */
import type { AgentConfig } from '../../domain/agent.ts';
import type { CallInput } from '../../domain/call.ts';
import type { ResolvedChain } from '../../domain/chain.ts';
import { Refusal } from '../../domain/failures.ts';
import { projectOf } from '../../domain/project.ts';
import type { Metadata } from '../../domain/message.ts';
import type { WhenBusy } from '../../domain/turn.ts';
import type { StoredText } from '../../domain/stored-text.ts';
import type { TraceContext } from '../../domain/trace-context.ts';
import { PermitTimeout, type Semaphore } from '../../lib/semaphore.ts';
import { callOwner } from '../../payloads/owners.ts';
import { keepText } from '../../payloads/store-refusals.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import type { Agents } from '../agents/agents.ts';
import type { Health } from '../agents/health.ts';
import type { RerunMemo } from '../reruns/rerun-memo.ts';
import { sessionBusy } from '../sessions/session-refusals.ts';
import type { OpenedTurn, Sessions } from '../sessions/sessions.ts';
import { admit, waitedTooLong } from './admission.ts';
import { attach, findExistingCall, findKnownCall, type Submitted } from './attach-call.ts';
import type { CallsInFlight, Payer } from './calls-in-flight.ts';
import type { Attached, Calls, Started } from './calls.ts';
import { notRegistered, wantedChain, type WantedChain } from './requested-chain.ts';

/** A validated request to start a call. */
export interface CallRequest extends WantedChain {
  readonly callId: string;
  /**
   * HMAC of the canonical request, made by `api/calls/idempotency.ts`. A request with the same call id and another fingerprint
   * is refused.
   */
  readonly fingerprint: string;
  /** Whether the id comes from an Idempotency-Key, so that the request may be a repeat. */
  readonly isKeyed?: boolean | undefined;
  readonly prompt: string;
  readonly sessionId?: string | undefined;
  readonly userId?: string | undefined;
  readonly metadata?: Metadata | undefined;
  /** What happens if the session is busy. Undefined if the call waits for its turn. */
  readonly whenBusy?: WhenBusy | undefined;
  readonly deadlineMs: number;
  /** Sealed. */
  readonly callbackUrl?: string | undefined;
  readonly rerunOf?: string | undefined;
  readonly rerun?: RerunMemo | undefined;
  /** The trace that the call belongs to. */
  readonly trace?: TraceContext | undefined;
  /** Who is charged for the call. Absent: nobody. */
  readonly payer?: Payer | undefined;
}

interface SubmitLimits {
  readonly maxChain: number;
  readonly maxCallsInFlight: number;
  readonly startPatienceMs: number;
  /** How long, in ms, a workflow task waits for an agent. 0 means that only activities ask agents. */
  readonly firstTaskWaitMs: number;
  /** The least heartbeat timeout of the activity that asks an agent. It grows with the node's load. */
  readonly heartbeatTimeoutMs: number;
}

export interface SubmitDependencies {
  readonly agents: Agents;
  readonly health: Health;
  readonly sessions: Sessions;
  readonly calls: Calls;
  readonly inFlight: CallsInFlight;
  /**
   * Limits the starts that this node has in flight. If too many arrived at once, the server would answer all of them too late.
   */
  readonly starts: Semaphore;
  readonly limits: SubmitLimits;
  readonly texts: TextStore;
}

/** A node sends at most this many heartbeats a second: each costs the server about 7 ms of CPU. */
const heartbeatsPerSecond = 25;

/**
 * Starts the call, or attaches the request to the call that exists. Throws `Refusal`. Nothing was accepted then, except that
 * `temporal_unavailable` leaves open whether the call was started.
 */
export async function submitCall(deps: SubmitDependencies, request: CallRequest): Promise<Submitted> {
  const resolved = (await findKnownCall(deps, request)) ?? (await resolve(deps, request));
  if (resolved.state === 'attached') return attach(deps, request, resolved);
  const { agent, chain } = resolved;
  const { sessionId } = request;
  const settle = await admitUnlessStarted(deps, request, agent);
  if (typeof settle !== 'function') return attach(deps, request, settle);
  const attachTo = async (existing: Attached, opened?: OpenedTurn): Promise<Submitted> => {
    const submitted = await attach(deps, request, existing, opened);
    settle(existing.mayBeOwn ? 'started' : 'attached');
    return submitted;
  };
  try {
    const prompt = await keepText(deps.texts, callOwner(request.callId), request.prompt);
    const wait = { timeoutMs: deps.limits.startPatienceMs };
    return await deps.starts.run(async () => {
      const opened = await acquireTurn(deps, request);
      if (opened && 'state' in opened) return attachTo(opened);
      const started = await start(deps, request, { chain, prompt, opened });
      if (started.state === 'attached') return attachTo(started, opened);
      settle('started');
      const session = sessionId === undefined ? undefined : { sessionId, life: opened?.turn.life };
      return { status: 'running', attached: false, session };
    }, wait);
  } catch (error) {
    settle('refused');
    throw error instanceof PermitTimeout ? waitedTooLong(deps) : error;
  }
}

/** Admits the call. If limits refuse it, but a repeat of its request has been accepted before, returns that call. */
async function admitUnlessStarted(
  deps: SubmitDependencies,
  request: CallRequest,
  agent: AgentConfig,
): Promise<ReturnType<typeof admit> | Attached> {
  try {
    return admit(deps, request, agent);
  } catch (refusal) {
    const isLimited =
      refusal instanceof Refusal &&
      (refusal.type === 'limit_reached' || refusal.type === 'prompt_not_allowed');
    const call = isLimited && request.isKeyed ? await findExistingCall(deps, request) : undefined;
    if (call) return call;
    throw refusal;
  }
}

interface Resolved {
  readonly state: 'resolved';
  readonly agent: AgentConfig;
  readonly chain: ResolvedChain;
}

/**
 * Resolves the agent and its chain, with their current configs. If they are refused but a call already exists under the id,
 * returns that call. Throws `Refusal`.
 */
async function resolve(deps: SubmitDependencies, request: CallRequest): Promise<Resolved | Attached> {
  const agent = await deps.agents.find(projectOf(request.callId), request.agentName);
  try {
    if (!agent) throw notRegistered(request.agentName);
    return {
      state: 'resolved',
      agent,
      chain: await wantedChain(deps, projectOf(request.callId), agent, request),
    };
  } catch (refusal) {
    // The call may have been accepted before one of its agents was removed.
    const call = await findExistingCall(deps, request);
    if (call) return call;
    throw refusal;
  }
}

/**
 * Acquires the session's turn, or a place in its queue; undefined if the call has no session. If this call has already
 * committed its turn, returns that call, which has the answer. Throws `Refusal`.
 */
async function acquireTurn(
  deps: SubmitDependencies,
  request: CallRequest,
): Promise<OpenedTurn | Attached | undefined> {
  const { sessionId, callId, userId, metadata, whenBusy } = request;
  if (sessionId === undefined) return undefined;
  // The session may have forgotten the call, and would refuse its repeat, or interrupt others once more.
  const repeated = whenBusy && (await findExistingCall(deps, request));
  if (repeated) return repeated;
  const opened = await deps.sessions.openTurn(sessionId, callId, { userId, metadata, whenBusy });
  if (typeof opened === 'object') return opened;
  const call = await findExistingCall(deps, request);
  if (call) return call;
  if (opened === 'ignored') {
    await deps.sessions.releaseTurn(sessionId, callId);
    throw sessionBusy(
      'The session is busy, and its worker is of an older version, which knows only when_busy queue',
    );
  }
  throw new Refusal(
    'idempotency_mismatch',
    'The session holds a call of this key whose retention is over; use a new Idempotency-Key',
  );
}

interface Ready {
  readonly chain: ResolvedChain;
  readonly prompt: StoredText;
  readonly opened: OpenedTurn | undefined;
}

/**
 * Starts the workflow, with the agents ordered by their circuits; the call may probe half-open agents (`Health.order`).
 * Throws `Refusal`.
 */
async function start(deps: SubmitDependencies, request: CallRequest, ready: Ready): Promise<Started> {
  const { callId, sessionId } = request;
  // A chain that the caller lists keeps its order, even if circuits are open.
  const spelledOut = request.fallbackAgents ?? request.startAt;
  const { giveBack, ...order } = spelledOut
    ? { agents: ready.chain.agents, passedOver: [], giveBack: () => undefined }
    : deps.health.order(ready.chain.agents, callId);
  try {
    const input = callInput(deps, request, ready, order);
    const started = await deps.calls.start(input, request.fingerprint, request.rerun);
    if (started.state === 'attached')
      giveBack(); // The existing call has its own chain.
    else deps.sessions.follow(input, ready.opened?.hints);
    return started;
  } catch (error) {
    giveBack();
    // A definite refusal: no call will use the turn. After an unclear start it is kept; the session frees it if no call runs.
    if (sessionId !== undefined && !(error instanceof Refusal && error.type === 'temporal_unavailable'))
      await deps.sessions.releaseTurn(sessionId, callId);
    throw error;
  }
}

function callInput(
  { limits, inFlight }: SubmitDependencies,
  { callId, agentName, sessionId, userId, metadata, deadlineMs, callbackUrl, rerunOf, trace }: CallRequest,
  { chain, prompt, opened }: Ready,
  { agents, passedOver }: Pick<ReturnType<Health['order']>, 'agents' | 'passedOver'>,
): CallInput {
  return {
    callId,
    agentName,
    prompt,
    ...(sessionId !== undefined && { sessionId }),
    ...(userId !== undefined && { userId }),
    ...(metadata && { metadata }),
    chain: agents,
    unregistered: chain.unregistered,
    ...(passedOver.length > 0 && { passedOver }),
    ...(opened && { turn: opened.turn }),
    deadlineMs,
    heartbeatTimeoutMs: Math.max(
      limits.heartbeatTimeoutMs,
      Math.ceil((3_000 * inFlight.size) / heartbeatsPerSecond),
    ),
    ...(limits.firstTaskWaitMs > 0 && { firstTaskWaitMs: limits.firstTaskWaitMs }),
    ...(rerunOf !== undefined && { rerunOf }),
    ...(callbackUrl !== undefined && { callbackUrl }),
    ...trace,
  };
}
