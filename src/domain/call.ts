import type { AgentConfig } from './agent.ts';
import type { ErrorType } from './failures.ts';
import type { Metadata } from './message.ts';
import type { GrantedTurn, QueuedTurn } from './turn.ts';
import type { StoredText } from './stored-text.ts';
import type { TraceContext } from './trace-context.ts';

/** What an agent has answered instead of an answer, without secrets (I5) and bounded. */
export interface FailedAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Those that say something about the failure, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the body in one line, at most 300 characters. Empty if there was none. */
  readonly excerpt: string;
}

/** One request to one agent. The agent's retry policy may allow several. */
export interface Try {
  /** Number of the try, from 1. (The name comes from a time when attempts and tries were not distinguished.) */
  readonly attempt: number;
  /** Why the try failed. Absent if the agent answered. */
  readonly errorType?: ErrorType;
  /** Set if the worker died or stopped before the agent answered. Another worker records such a try later, as `internal`. */
  readonly lost?: true;
  readonly latencyMs: number;
  /**
   * Time in ms from the start of the try to the response's headers. Absent if none came, or if this process did not see them.
   */
  readonly firstByteMs?: number;
  /** Start of the try, ISO 8601 UTC. */
  readonly at: string;
  /** Absent if the agent answered, or not at all, and from tries that earlier versions recorded. */
  readonly answer?: FailedAnswer;
}

/** The outcome of one agent of the chain, after all its tries. */
export type Attempt =
  | {
      readonly agent: string;
      readonly status: 'ok';
      readonly tries: readonly Try[];
      readonly latencyMs: number;
      /** How long, in ms, the call waited until the agent, which was paused, was resumed. Absent: it did not. */
      readonly waitedMs?: number;
    }
  | {
      readonly agent: string;
      readonly status: 'failed';
      readonly errorType: ErrorType;
      readonly error: string;
      readonly tries: readonly Try[];
      /** Time in ms of all tries with the backoff between them, without tries that were lost with a worker. 0 without a try. */
      readonly latencyMs: number;
      readonly waitedMs?: number;
    }
  | { readonly agent: string; readonly status: 'skipped'; readonly error: string };

/** Start input of the `agentCall` workflow. Its trace context, if it has one, is that of the request that started the call. */
export interface CallInput extends Partial<TraceContext> {
  readonly callId: string;
  /** The agent that the caller asked for. The chain may begin with another one while this agent's circuit is open. */
  readonly agentName: string;
  readonly prompt: StoredText;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly metadata?: Metadata;
  /** The agents in the order in which they are asked, with their configs pinned and tokens sealed. Never empty. */
  readonly chain: readonly AgentConfig[];
  /** Names of fallbacks that an agent of the chain has but that are not registered. */
  readonly unregistered: readonly string[];
  /** Names of agents that were moved behind others because their circuit was open. For display only. */
  readonly passedOver?: readonly string[];
  readonly turn?: GrantedTurn | QueuedTurn;
  /** The call's deadline in ms from the workflow's start. It includes the wait in a session's queue. */
  readonly deadlineMs: number;
  readonly heartbeatTimeoutMs: number;
  /**
   * How long, in ms, a workflow task waits for an agent before an activity takes over. Absent if an activity asks from the
   * start.
   */
  readonly firstTaskWaitMs?: number;
  readonly rerunOf?: string;
  /** The URL that is told how the call ends, sealed: it may contain a secret. */
  readonly callbackUrl?: string;
}

/** How far a call has come. A running call returns it by query; every ended call has it in its result or failure. */
export interface CallProgress {
  /** The names of the agents in the order in which they are asked. */
  readonly chain: readonly string[];
  readonly attempts: readonly Attempt[];
  /** How long, in ms, the call has waited for the session's turn. */
  readonly queuedMs: number;
  /** Set if the call is waiting for its turn, or was when it was terminated. `queuedMs` does not include that wait yet. */
  readonly waitsForTurn?: true;
  /**
   * Whether the session has stored the call's messages. Absent without a session, before the end, and if the session takes the
   * ending over from the call's history.
   */
  readonly sessionStored?: boolean;
  /** The call that interrupted this one in its session. Only a cancelled call has it. */
  readonly supersededBy?: string;
}

/** Result of an `agentCall` workflow that completed. */
export interface CallResult extends CallProgress {
  readonly agentName: string;
  readonly response: StoredText;
}

/** The single element of the failed workflow's `ApplicationFailure.details`. */
export type CallFailureDetails = CallProgress;
