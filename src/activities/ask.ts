/**
 * One request to one agent. Large texts are loaded from the payload store before it, and a large answer is stored there
 * after it.
 */
import type { Expectations } from '../agents/expectations/expectations.ts';
import { createRedactor } from '../agents/redaction/redactor.ts';
import { AgentError, type AgentMessage, type AgentTransport } from '../agents/transport.ts';
import type { AgentConfig } from '../domain/agent.ts';
import type { ErrorType } from '../domain/failures.ts';
import { agentIdempotencyKey } from '../domain/ids.ts';
import type { WindowMessage } from '../domain/message.ts';
import type { StoredText } from '../domain/stored-text.ts';
import type { TraceContext } from '../domain/trace-context.ts';
import { plainText, replaceTexts } from '../domain/content.ts';
import type { KeyedSemaphores } from '../lib/keyed-semaphores.ts';
import { PayloadLostError } from '../payloads/payload-store.ts';
import { callOwner } from '../payloads/owners.ts';
import { lostText, unlessLost, type TextStore } from '../payloads/text-store.ts';
import type { Asked, AgentRequests } from './agent-requests.ts';
import { refusePaused, type AgentPauses } from './agent-pauses.ts';
import { slotUnlessPaused } from './agent-slot.ts';
import { retryPayloadStore } from './retry-payload-store.ts';
import { thisRunId } from './this-run-id.ts';
import type { OpenTry } from './try-log.ts';

/** The call, the agent and the messages of one request to an agent. */
export interface Question {
  readonly callId: string;
  readonly agent: AgentConfig;
  readonly messages: readonly WindowMessage[];
  readonly sessionId?: string;
  /** That of the call. */
  readonly trace?: TraceContext;
}

/** The error type of a request that ends because the agent's share of the call's deadline is over, not by its own timeout. */
export type ShareTimeoutType = Extract<ErrorType, 'timeout' | 'deadline_exceeded'>;

/** The dependencies of the activities that ask agents. */
export interface AskDependencies {
  readonly transport: AgentTransport;
  /** Decrypts a sealed token. Throws if it was sealed with another key. */
  readonly openToken: (sealed: string, agentName: string) => string;
  /** Returns the secret that a token refers to. Throws an `Error` that names the reference if this process lacks it. */
  readonly readSecret: (reference: string) => Promise<string>;
  readonly agentRequests: AgentRequests;
  /** Limits the requests that this process has open to each agent (`max_concurrency`). The others wait. */
  readonly slots: KeyedSemaphores;
  /** Epoch ms by the clock of the Temporal server. */
  readonly now: () => number;
  readonly expectations: Expectations;
  readonly texts: TextStore;
  readonly pauses: AgentPauses;
  readonly tracing: {
    /** Returns what the agent gets of the call's trace with this try. */
    ofTry(call: TraceContext, asked: { runId: string; agent: string; tryNumber: number }): TraceContext;
  };
}

/**
 * Asks the agent, or joins the request that another activity of this call has open. `caller` ends this activity. `tryNumber` is
 * the number, from 1, that a request gets which begins now.
 */
export function ask(
  dependencies: AskDependencies,
  question: Question,
  tryNumber: number,
  caller: AbortSignal,
): Asked {
  const { callId, agent, trace } = question;
  const asking = { callId, runId: thisRunId(), agent: agent.name };
  return dependencies.agentRequests.ask(asking, caller, (controller, open) => {
    const ofTry = trace && dependencies.tracing.ofTry(trace, { ...asking, tryNumber });
    return requestAnswer(dependencies, { ...question, ...(ofTry && { trace: ofTry }) }, controller, open);
  });
}

async function requestAnswer(
  dependencies: AskDependencies,
  question: Question,
  controller: AbortController,
  open: OpenTry,
): Promise<StoredText> {
  const { texts, pauses } = dependencies;
  const { signal } = controller;
  await pauses.known();
  refusePaused(pauses, question.agent.name);
  const messages = await retryPayloadStore(signal, () => loadAll(texts, question.messages));
  const content = await send(dependencies, question, messages, controller, open);
  return retryPayloadStore(signal, () => texts.save(callOwner(question.callId), content));
}

/** Loads all texts. A lost text of the window is replaced by a notice; a lost prompt throws `payload_lost`. */
function loadAll(texts: TextStore, messages: readonly WindowMessage[]): Promise<AgentMessage[]> {
  const load = async (
    { role, content }: WindowMessage,
    one: (text: StoredText) => Promise<string>,
  ): Promise<AgentMessage> => ({ role, content: plainText(await replaceTexts(content, one)) });
  const window = messages
    .slice(0, -1)
    .map((message) => load(message, async (text) => (await unlessLost(() => texts.load(text))) ?? lostText));
  const prompt = messages
    .slice(-1)
    .map((message) => load(message, (text) => texts.load(text).catch(rethrowLost)));
  return Promise.all([...window, ...prompt]);
}

function rethrowLost(error: unknown): never {
  if (error instanceof PayloadLostError)
    throw new AgentError('payload_lost', `The prompt is lost. ${error.message}`, { cause: error });
  throw error;
}

/** Sends the request under the agent's own limits: `max_concurrency`, timeout, expectations. */
async function send(
  dependencies: AskDependencies,
  question: Question,
  messages: readonly AgentMessage[],
  controller: AbortController,
  open: OpenTry,
): Promise<string> {
  const { agent } = question;
  const releaseSlot = await slotUnlessPaused(dependencies, agent, controller.signal);
  try {
    refusePaused(dependencies.pauses, agent.name);
    return await sendWithSlot(dependencies, question, messages, controller, open);
  } finally {
    releaseSlot();
  }
}

async function sendWithSlot(
  { transport, openToken, readSecret, expectations }: AskDependencies,
  { callId, agent, sessionId, trace }: Question,
  messages: readonly AgentMessage[],
  controller: AbortController,
  open: OpenTry,
): Promise<string> {
  const { signal } = controller;
  open.begin();
  const timeout = setTimeout(() => controller.abort(timeoutError(agent)), agent.timeoutMs);
  try {
    const token = await tokenOf({ openToken, readSecret }, agent);
    const idempotencyKey = agentIdempotencyKey(callId, agent.name);
    const content = await transport.ask({
      agent,
      token,
      messages,
      sessionId,
      idempotencyKey,
      trace,
      signal,
      onFirstByte: () => open.firstByte(),
    });
    if (agent.expect) await expectations.require(content, agent.expect, signal, createRedactor(token));
    return content;
  } finally {
    clearTimeout(timeout);
  }
}

/** Returns the agent's token; undefined if it has none. Throws `AgentError` of type `auth` if this process lacks its secret. */
async function tokenOf(
  { openToken, readSecret }: Pick<AskDependencies, 'openToken' | 'readSecret'>,
  { name, sealedToken, tokenReference }: AgentConfig,
): Promise<string | undefined> {
  if (sealedToken !== undefined) return openToken(sealedToken, name);
  if (tokenReference === undefined) return undefined;
  try {
    return await readSecret(tokenReference);
  } catch (error) {
    throw new AgentError('auth', (error as Error).message, { cause: error });
  }
}

/** The failure when the agent's share of the call's deadline is over. */
export function shareTimeoutError(type: ShareTimeoutType): AgentError {
  return new AgentError(type, "Cut off by its share of the call's deadline");
}

function timeoutError(agent: AgentConfig): AgentError {
  return new AgentError('timeout', `No complete answer within ${agent.timeoutMs / 1_000} s`);
}
