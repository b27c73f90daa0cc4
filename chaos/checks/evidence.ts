/** Everything that the checks look at, gathered from outside: the load's journal, the agents' ledger, API, Temporal. */
import type { Execution } from '../agents/ledger.ts';
import type { FaultRecord, ObservedViolation, Removal, SessionRecord } from '../load/journal.ts';
import type { CallRequest } from '../load/call-request.ts';

/** A call as Temporal's histories tell it. */
export interface CallFacts {
  readonly callId: string;
  readonly runIds: readonly string[];
  readonly prompt: string;
  readonly sessionId?: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** When its last workflow task began, which committed its turn. */
  readonly lastTaskAt: number;
  readonly deadlineMs: number;
  /** Terminal events, over all runs of its id: one. */
  readonly endings: number;
  readonly runs: number;
  /** Of every turn it was granted, in that order. */
  readonly turnNumbers: readonly number[];
  /** Workflow tasks that ended with their process: what one asked itself is on record as that alone. */
  readonly tasksLost: number;
  /** Agents that its tasks asked themselves, as far as that is on record. */
  readonly firstTries: readonly string[];
  /** How many tries each ask of an agent was allowed. */
  readonly asks: readonly { readonly agent: string; readonly tries: number }[];
  /** The version of the worker that did its last task. */
  readonly buildId?: string;
}

/** A call as the API tells it. */
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

export interface StoredMessage {
  readonly role: string;
  readonly content: string;
  readonly callId: string | null;
  readonly failed: boolean;
}

export interface SessionFacts {
  /** Every run that is there, with its start in epoch ms. */
  readonly runs: readonly { readonly runId: string; readonly startedAt: number }[];
  /** Updates that asked for a turn, as they were accepted. */
  readonly turnsAsked: readonly { readonly callId: string; readonly at: number }[];
}

export interface Evidence {
  readonly requests: readonly CallRequest[];
  readonly sessionRecords: readonly SessionRecord[];
  readonly removals: readonly Removal[];
  readonly observedViolations: readonly ObservedViolation[];
  readonly faults: readonly FaultRecord[];
  readonly executions: readonly Execution[];
  /** Build ids that no worker has any more. */
  readonly goneVersions: readonly string[];
  /** By call id. */
  readonly calls: ReadonlyMap<string, CallFacts>;
  readonly views: ReadonlyMap<string, CallView>;
  /** Calls of which an answer told the judge that they have ended, and not how. */
  readonly endsReadAgain: number;
  /** By session id. */
  readonly sessions: ReadonlyMap<string, readonly StoredMessage[]>;
  readonly sessionFacts: ReadonlyMap<string, SessionFacts>;
}

/** One row of the verdict. */
export interface Finding {
  readonly row: string;
  readonly what: string;
  readonly checked: number;
  readonly violations: readonly string[];
  /** Why it was not checked. */
  readonly skipped?: string;
  readonly note?: string;
}
