/**
 * The evidence that the checks judge. It is gathered from outside the product: from the load's journal, the agents' ledger, the
 * API and Temporal.
 */
import type { Execution } from '../agents/ledger.ts';
import type { FaultRecord, ObservedViolation, Removal, SessionRecord } from '../load/journal.ts';
import type { CallRequest } from '../load/call-request.ts';

/** A call as recorded in its Temporal history. */
export interface CallFacts {
  readonly callId: string;
  readonly runIds: readonly string[];
  readonly prompt: string;
  readonly sessionId?: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly endedAt: number;
  /**
   * From when on the session could have the call's ending (epoch ms): its end, or the beginning of its last workflow task if the
   * call ended without a turn, because such a call tells its session itself.
   */
  readonly endingKnownAt: number;
  readonly deadlineMs: number;
  /** The number of closing events in all runs of the call's workflow id. It must be 1. */
  readonly endings: number;
  readonly runs: number;
  /** The number of the turn that the call held when it ended. Absent if it never had one, or lost it before it could use it. */
  readonly turnNumber?: number;
  /**
   * How many of the call's workflow tasks were lost with their process. If such a task sent a request itself, no other record
   * of that request exists.
   */
  readonly tasksLost: number;
  /** The agents that the call's workflow tasks asked themselves (the first-task path), as far as the history records it. */
  readonly firstTries: readonly string[];
  /** The activities that asked an agent, each with the number of tries that it was allowed. */
  readonly asks: readonly { readonly agent: string; readonly tries: number }[];
  /** The build id of the worker that completed the call's last workflow task. */
  readonly buildId?: string;
}

/** A call as the API reports it. */
export interface CallView {
  readonly status: string;
  readonly success: boolean | null;
  readonly response: string | null;
  readonly errorType: string | null;
  readonly sessionStored: boolean | null;
  readonly attempts: readonly {
    readonly agent: string;
    readonly tries: number;
    readonly errorType: string | null;
  }[];
}

/** A message of a session as the API reports it. */
export interface StoredMessage {
  readonly role: string;
  readonly content: string;
  readonly callId: string | null;
  readonly failed: boolean;
  /** Set if the ending or a text of the call is lost. */
  readonly lost: boolean;
}

/** A session as recorded in its Temporal histories. */
export interface SessionFacts {
  /** The runs that still exist, with their starts in epoch ms. */
  readonly runs: readonly { readonly runId: string; readonly startedAt: number }[];
  /** The accepted updates by which calls asked for a turn. `at` is in epoch ms. */
  readonly turnsAsked: readonly { readonly callId: string; readonly at: number }[];
  /** The endings of calls that the session was told or found itself, each as often as that happened. `at` is in epoch ms. */
  readonly endingsTaken: readonly { readonly callId: string; readonly at: number }[];
}

/** Everything that the checks of a run need. */
export interface Evidence {
  readonly requests: readonly CallRequest[];
  readonly sessionRecords: readonly SessionRecord[];
  readonly removals: readonly Removal[];
  readonly observedViolations: readonly ObservedViolation[];
  readonly faults: readonly FaultRecord[];
  readonly executions: readonly Execution[];
  /** Build ids that no running worker has any more. */
  readonly goneVersions: readonly string[];
  /** The facts about the calls, by call id. `views` is by call id too. */
  readonly calls: ReadonlyMap<string, CallFacts>;
  readonly views: ReadonlyMap<string, CallView>;
  /** How many calls had to be read again because an answer reported that they had ended but not how they ended. */
  readonly endsReadAgain: number;
  /** The messages of the sessions, by session id. `sessionFacts` is by session id too. */
  readonly sessions: ReadonlyMap<string, readonly StoredMessage[]>;
  readonly sessionFacts: ReadonlyMap<string, SessionFacts>;
}

/** One row of the verdict: what was checked, how many items, and every violation found. */
export interface Finding {
  readonly row: string;
  readonly what: string;
  readonly checked: number;
  readonly violations: readonly string[];
  /** Why this row could not be checked; absent if it was. */
  readonly skipped?: string;
  readonly note?: string;
}
