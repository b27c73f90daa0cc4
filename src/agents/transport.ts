import type { AgentConfig } from '../domain/agent.ts';
import type { ErrorType } from '../domain/failures.ts';

export interface AgentMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
}

/** One question to one agent: what a wire format encodes. */
export interface AgentQuestion {
  readonly agent: AgentConfig;
  /** The opened bearer token, if the agent has one. */
  readonly token: string | undefined;
  /** The session's window, then the prompt. */
  readonly messages: readonly AgentMessage[];
  readonly sessionId: string | undefined;
  /** The same on every try (I3). */
  readonly idempotencyKey: string;
}

export interface AgentRequest extends AgentQuestion {
  /** Aborting it closes the socket. */
  readonly signal: AbortSignal;
  /** Called when the response's headers are there, whatever they say. */
  readonly onFirstByte?: () => void;
}

/** How agents are reached. Asks once and never retries on its own (I6), but for a stale connection (ADR 0025). */
export interface AgentTransport {
  /** The answer's text. Throws `AgentError`, or the signal's reason once that is aborted. */
  ask(request: AgentRequest): Promise<string>;
  /** GET of the agent's `healthPath`; throws `AgentError` unless it answers 2xx. Returns the status. */
  probe(agent: AgentConfig, signal: AbortSignal): Promise<number>;
  /** Opens a connection (TCP, and TLS where the agent has it) and closes it again; throws `AgentError`. */
  connect(agent: AgentConfig, signal: AbortSignal): Promise<void>;
  /** Closes pooled connections. */
  close(): Promise<void>;
}

/** An anticipated failure of an agent, typed by the failure table; its message holds no secret (I5). */
export class AgentError extends Error {
  readonly type: ErrorType;
  /** From `Retry-After`, in ms from now. */
  readonly retryAfterMs: number | undefined;
  /** Of the agent's answer, if there was one. */
  readonly statusCode: number | undefined;

  constructor(
    type: ErrorType,
    message: string,
    options: { retryAfterMs?: number; statusCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AgentError';
    this.type = type;
    this.retryAfterMs = options.retryAfterMs;
    this.statusCode = options.statusCode;
  }
}
