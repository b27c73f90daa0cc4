/** The evidence that the checks judge. It is gathered from outside: the load's journal, the agents' ledger, the API, Temporal. */
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
  /** When its last workflow task began, which is the task that committed its turn. Epoch ms. */
  readonly lastTaskAt: number;
  readonly deadlineMs: number;
  /** Closing events over all runs of its workflow id. Must be 1. */
  readonly endings: number;
  readonly runs: number;
  /** The numbers of all turns that it was granted, in that order. */
  readonly turnNumbers: readonly number[];
  /** Workflow tasks that were lost with their process. A request that such a task sent itself has no other record. */
  readonly tasksLost: number;
  /** Agents that its workflow tasks asked themselves (the first-task path), as far as the history records it. */
  readonly firstTries: readonly string[];
  /** Each activity that asked an agent, with the number of tries that it was allowed. */
  readonly asks: readonly { readonly agent: string; readonly tries: number }[];
  /** The build id of the worker that did its last workflow task. */
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
}

/** A session as recorded in its Temporal histories. */
export interface SessionFacts {
  /** Every run that still exists, with its start in epoch ms. */
  readonly runs: readonly { readonly runId: string; readonly startedAt: number }[];
  /** The accepted updates that asked for a turn. `at` is in epoch ms. */
  readonly turnsAsked: readonly { readonly callId: string; readonly at: number }[];
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
  /** By call id. */
  readonly calls: ReadonlyMap<string, CallFacts>;
  readonly views: ReadonlyMap<string, CallView>;
  /** How many calls had to be read again because an answer reported that they had ended but not how. */
  readonly endsReadAgain: number;
  /** By session id. */
  readonly sessions: ReadonlyMap<string, readonly StoredMessage[]>;
  readonly sessionFacts: ReadonlyMap<string, SessionFacts>;
}

/** One row of the verdict: what was checked, how many items, and every violation found. */
export interface Finding {
  readonly row: string;
  readonly what: string;
  readonly checked: number;
  readonly violations: readonly string[];
  /** The reason, if it could not be checked. */
  readonly skipped?: string;
  readonly note?: string;
}
