import type { AgentConfig } from '../domain/agent.ts';
import type { FailedAnswer } from '../domain/call.ts';
import type { ErrorType } from '../domain/failures.ts';
import type { TraceContext } from '../domain/trace-context.ts';

/** One message of the conversation that an agent gets. */
export interface AgentMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
}

/** One question to one agent. A wire format encodes it. */
export interface AgentQuestion {
  readonly agent: AgentConfig;
  /** The decrypted bearer token, if the agent has one. */
  readonly token: string | undefined;
  /** The messages of the session's window, followed by the prompt. */
  readonly messages: readonly AgentMessage[];
  readonly sessionId: string | undefined;
  /** The `Idempotency-Key` of the request; the same for every try (I3). */
  readonly idempotencyKey: string;
}

/** A question and how to send it. */
export interface AgentRequest extends AgentQuestion {
  /** Aborting this signal closes the socket. */
  readonly signal: AbortSignal;
  /** Called when the response's headers arrive, whatever the status. */
  readonly onFirstByte?: () => void;
  /** Sent as headers, whatever the wire format. */
  readonly trace?: TraceContext | undefined;
}

/** Sends requests to agents. Never retries by itself (I6), except on a stale connection (ADR 0025). */
export interface AgentTransport {
  /** Sends one request and returns the answer's text. Throws `AgentError`, or the signal's reason once that is aborted. */
  ask(request: AgentRequest): Promise<string>;
  /** Sends a GET to the agent's `healthPath` and returns the status. Throws `AgentError` unless that is 2xx. */
  probe(agent: AgentConfig, signal: AbortSignal): Promise<number>;
  /** Opens a connection (TCP, and TLS for an https agent) and closes it. Throws `AgentError` if that fails. */
  connect(agent: AgentConfig, signal: AbortSignal): Promise<void>;
  /** Closes pooled connections. */
  close(): Promise<void>;
}

/** An expected failure of an agent. Its type is one of the failure table; its message contains no secret (I5). */
export class AgentError extends Error {
  readonly type: ErrorType;
  /** When the agent may be asked again, in ms from now, from `Retry-After` or `retry-after-ms`. */
  readonly retryAfterMs: number | undefined;
  /** HTTP status of the agent's answer. Undefined if there was none. */
  readonly statusCode: number | undefined;
  /** What the agent answered, if its status said that it failed. */
  readonly answer: FailedAnswer | undefined;

  constructor(
    type: ErrorType,
    message: string,
    options: { retryAfterMs?: number; statusCode?: number; answer?: FailedAnswer; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AgentError';
    this.type = type;
    this.retryAfterMs = options.retryAfterMs;
    this.statusCode = options.statusCode;
    this.answer = options.answer;
  }
}
