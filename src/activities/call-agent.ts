/** The activity that asks one agent once; Temporal's retry policy calls it again (I6). */
import { Context, type Info } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { requireExpected } from '../agents/expectation.ts';
import { AgentError, type AgentMessage, type AgentTransport } from '../agents/transport.ts';
import type { AgentConfig } from '../domain/agent.ts';
import type { Try } from '../domain/call.ts';
import type { ErrorType } from '../domain/failures.ts';
import { agentIdempotencyKey } from '../domain/ids.ts';
import { mayRetry, retryDelayMs } from '../domain/retry.ts';
import type { WindowMessage } from '../domain/session.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { callOwner, type Texts } from '../payloads/texts.ts';
import type { AgentSlots } from './agent-slots.ts';
import { GivenUp, WorkerStopping, type Exchanges } from './exchanges.ts';
import { patiently } from './patiently.ts';
import { triesAreLeft, triesBefore, withThisTry, type OpenTry } from './try-log.ts';

export interface AskRequest {
  readonly callId: string;
  readonly agent: AgentConfig;
  readonly messages: readonly WindowMessage[];
  readonly sessionId?: string;
  /** Tries of an earlier scheduling whose worker died. */
  readonly earlierTries: readonly Try[];
  /** What it is called when the schedule-to-close limit, not the agent's own timeout, cuts the try off. */
  readonly cutOffType: Extract<ErrorType, 'timeout' | 'deadline_exceeded'>;
}

export interface AskResult {
  readonly content: StoredText;
  readonly tries: readonly Try[];
}

/** `ApplicationFailure.details[0]` of a failed ask. */
export interface AskFailureDetails {
  readonly tries: readonly Try[];
}

export interface CallAgentActivity {
  callAgent(request: AskRequest): Promise<AskResult>;
}

export interface CallAgentDependencies {
  readonly transport: AgentTransport;
  /** Opens a sealed token; throws when it was sealed with another key. */
  readonly openToken: (sealed: string, agentName: string) => string;
  readonly exchanges: Exchanges;
  readonly slots: AgentSlots;
  readonly texts: Texts;
}

/** Type of a failure that hands the ask over to another worker. */
export const workerShutdown = 'worker_shutdown';

/** Ends a try this much before the server's own limit, so that its failure is typed and carries the tries. */
const cutOffMarginMs = 250;
/** Beats per heartbeat timeout: the first after 2 s of the default 5 s. */
const heartbeatFraction = 0.4;

export function createCallAgent(dependencies: CallAgentDependencies): CallAgentActivity {
  return {
    async callAgent(request) {
      const context = Context.current();
      const earlier = triesBefore(request.earlierTries, context.info);
      const open: OpenTry = { startedAt: Date.now() };
      // Tries that a dead worker left unreported are on record before anything else happens.
      if (earlier.some((one) => one.lost)) context.heartbeat(earlier);
      const beat = setInterval(() => context.heartbeat(earlier), beatIntervalMs(context.info));
      try {
        const content = await askOnce(dependencies, request, context, open);
        return { content, tries: withThisTry(earlier, open) };
      } catch (error) {
        if (error instanceof WorkerStopping) throw handOver(withThisTry(earlier, open, 'internal'));
        if (error instanceof CancelledFailure || error instanceof GivenUp) throw error;
        const failure = error instanceof AgentError ? error : ourFault(error);
        const tries = withThisTry(earlier, open, failure.type);
        const retryable = mayRetry(failure.type, earlier) && triesAreLeft(context.info);
        if (retryable) context.heartbeat(tries); // The next try reads them; a final failure carries them itself.
        throw asApplicationFailure(failure, tries, retryable);
      } finally {
        clearInterval(beat);
      }
    },
  };
}

/** This try's share of the request: until its answer, the call's end or the try's own. */
async function askOnce(
  dependencies: CallAgentDependencies,
  request: AskRequest,
  context: Context,
  open: OpenTry,
): Promise<StoredText> {
  const { callId, agent, cutOffType } = request;
  const caller = new AbortController();
  const onCancel = (): void => caller.abort(cancellation(context));
  context.cancellationSignal.addEventListener('abort', onCancel, { once: true });
  if (context.cancellationSignal.aborted) onCancel();
  const cutOff = abortAfter(caller, restMs(context.info), () => cutOffError(cutOffType));
  try {
    return await dependencies.exchanges.ask({ callId, agent: agent.name }, caller.signal, (controller) =>
      exchange(dependencies, request, controller, open),
    );
  } finally {
    clearTimeout(cutOff);
    context.cancellationSignal.removeEventListener('abort', onCancel);
  }
}

/** One request and its answer, with what is too large for Temporal read and kept around it. */
async function exchange(
  dependencies: CallAgentDependencies,
  request: AskRequest,
  controller: AbortController,
  open: OpenTry,
): Promise<StoredText> {
  const { texts } = dependencies;
  const { signal } = controller;
  const messages = await patiently(signal, () => loadAll(texts, request.messages));
  const content = await send(dependencies, request, messages, controller, open);
  return patiently(signal, () => texts.keep(callOwner(request.callId), content));
}

function loadAll(texts: Texts, messages: readonly WindowMessage[]): Promise<AgentMessage[]> {
  return Promise.all(
    messages.map(async ({ role, content }) => ({ role, content: await texts.load(content) })),
  );
}

/** Within the agent's own limits. */
async function send(
  { transport, openToken, slots }: CallAgentDependencies,
  { callId, agent, sessionId }: AskRequest,
  messages: readonly AgentMessage[],
  controller: AbortController,
  open: OpenTry,
): Promise<string> {
  const { signal } = controller;
  const giveBack = await slots.take(agent.name, agent.maxConcurrency, signal);
  const timeout = abortAfter(controller, agent.timeoutMs, () => timeoutError(agent));
  try {
    const token = agent.sealedToken === undefined ? undefined : openToken(agent.sealedToken, agent.name);
    const idempotencyKey = agentIdempotencyKey(callId, agent.name);
    const onFirstByte = (): void => {
      open.firstByteAt = Date.now();
    };
    const question = { agent, token, messages, sessionId, idempotencyKey, signal, onFirstByte };
    const content = await transport.ask(question);
    if (agent.expect) requireExpected(content, agent.expect);
    return content;
  } finally {
    clearTimeout(timeout);
    giveBack();
  }
}

function abortAfter(controller: AbortController, ms: number, reason: () => Error): NodeJS.Timeout {
  return setTimeout(() => controller.abort(reason()), ms);
}

/** What the schedule-to-close limit leaves for this try. */
function restMs({ scheduledTimestampMs, scheduleToCloseTimeoutMs }: Info): number {
  return Math.max(0, scheduledTimestampMs + scheduleToCloseTimeoutMs - Date.now() - cutOffMarginMs);
}

function cutOffError(type: AskRequest['cutOffType']): AgentError {
  return new AgentError(type, "Cut off by its share of the call's deadline");
}

function timeoutError(agent: AgentConfig): AgentError {
  return new AgentError('timeout', `No complete answer within ${agent.timeoutMs / 1_000} s`);
}

/** A worker that stops hands its asks over at once; one that Temporal lost sight of may be joined by the next try. */
function cancellation({ cancellationDetails: details }: Context): Error {
  if (details?.workerShutdown) return new WorkerStopping();
  if (details?.timedOut || details?.notFound) return new GivenUp();
  return new CancelledFailure('The call was cancelled');
}

function handOver(tries: readonly Try[]): ApplicationFailure {
  const details: AskFailureDetails = { tries };
  return ApplicationFailure.create({
    type: workerShutdown,
    message: 'The worker stopped',
    nonRetryable: true,
    details: [details],
    category: ApplicationFailureCategory.BENIGN,
  });
}

function beatIntervalMs(info: Info): number {
  return Math.max(1_000, (info.heartbeatTimeoutMs ?? 5_000) * heartbeatFraction);
}

function ourFault(error: unknown): AgentError {
  return new AgentError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}

function asApplicationFailure(
  failure: AgentError,
  tries: readonly Try[],
  retryable: boolean,
): ApplicationFailure {
  const { type, retryAfterMs } = failure;
  const details: AskFailureDetails = { tries };
  return ApplicationFailure.create({
    type,
    message: failure.message,
    nonRetryable: !retryable,
    // No sooner than the agent asked for; a little later, so that callers do not come back all at once.
    nextRetryDelay:
      retryAfterMs === undefined
        ? retryDelayMs(tries.length, Math.random())
        : Math.round(Math.max(100, retryAfterMs) * (1 + 0.1 * Math.random())),
    details: [details],
    ...(type === 'internal' && failure.cause instanceof Error
      ? { cause: failure.cause }
      : { category: ApplicationFailureCategory.BENIGN }),
  });
}
