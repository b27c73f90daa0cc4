import type { AgentConfig } from './agent.ts';
import type { ErrorType } from './failures.ts';
import type { GrantedTurn, Metadata, QueuedTurn } from './session.ts';
import type { StoredText } from './stored-text.ts';

/** One request to one agent. */
export interface Try {
  readonly attempt: number;
  readonly errorType?: ErrorType;
  /** Its worker died or stopped before the agent answered; recorded afterwards, as `internal`. */
  readonly lost?: true;
  readonly latencyMs: number;
  /** From the start of the try to the agent's first byte, the response's headers; absent when none came, or was seen. */
  readonly firstByteMs?: number;
  /** Start of the try, ISO 8601 UTC. */
  readonly at: string;
}

/** What came of one agent of the chain. */
export type Attempt =
  | {
      readonly agent: string;
      readonly status: 'ok';
      readonly tries: readonly Try[];
      readonly latencyMs: number;
    }
  | {
      readonly agent: string;
      readonly status: 'failed';
      readonly errorType: ErrorType;
      readonly error: string;
      readonly tries: readonly Try[];
      /** Backoff included, what was lost with a worker not; 0 without a try. */
      readonly latencyMs: number;
    }
  | { readonly agent: string; readonly status: 'skipped'; readonly error: string };

/** Start input of the `agentCall` workflow. */
export interface CallInput {
  readonly callId: string;
  /** The agent that the caller asked for; the chain may begin with another while its circuit is open. */
  readonly agentName: string;
  readonly prompt: StoredText;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly metadata?: Metadata;
  /** In the order to ask, configs pinned, tokens sealed. Never empty. */
  readonly chain: readonly AgentConfig[];
  /** Fallbacks that are named by an agent of the chain but not registered. */
  readonly unregistered: readonly string[];
  /** Agents of the chain that others come before because their circuit was open; told, never acted on. */
  readonly passedOver?: readonly string[];
  readonly turn?: GrantedTurn | QueuedTurn;
  /** From the workflow's start, queue wait included. */
  readonly deadlineMs: number;
  readonly heartbeatTimeoutMs: number;
  /** How long the task that comes to an agent waits for it itself; absent: an activity asks from the start. */
  readonly firstTaskWaitMs?: number;
  readonly rerunOf?: string;
}

/** What is known of a call's way so far; the query of a running call, a part of every ending. */
export interface CallProgress {
  /** Names in the order asked. */
  readonly chain: readonly string[];
  readonly attempts: readonly Attempt[];
  /** Time spent waiting for the session's turn. */
  readonly queuedMs: number;
  /** It waits for the turn now, or did when it was terminated: `queuedMs` does not count that yet. */
  readonly waitsForTurn?: true;
  /** `undefined` without a session, and before the end; false when the session keeps nothing of the call. */
  readonly sessionStored?: boolean;
}

/** Result of the `agentCall` workflow, and with `errorType` the details of its failure. */
export interface CallResult extends CallProgress {
  readonly agentName: string;
  readonly response: StoredText;
}

/** The single element of the failed workflow's `ApplicationFailure.details`. */
export type CallFailureDetails = CallProgress;
