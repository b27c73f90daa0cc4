/**
 * The services that a process offers to its API, in groups that the code calls rooms. An endpoint takes the rooms that it
 * needs. src/node/compose-services.ts puts the services together. A second API would get the same ones.
 */
import type { StoryEvent } from '../domain/call-story.ts';
import type { SharedWatch } from '../lib/shared-watch.ts';
import type { Alerts } from './alerts/alerts.ts';
import type { Agents } from './agents/agents.ts';
import type { Health } from './agents/health.ts';
import type { Archive } from './archive/archive.ts';
import type { CallHistory } from './archive/call-export.ts';
import type { FindCalls } from './call-index/find-calls.ts';
import type { CallFilter } from './calls/call-filter.ts';
import type { LiveList, WatchedList } from './call-index/call-list-watch.ts';
import type { CallRecords } from './calls/call-records.ts';
import type { Calls } from './calls/calls.ts';
import type { AwaitedCall, CallOutcome, WaitWish } from './calls/start-and-await.ts';
import type { Figures } from './figures/figures.ts';
import type { Access } from './keys/access.ts';
import type { Usage } from './keys/usage.ts';
import type { Nodes } from './nodes/nodes.ts';
import type { DryRun } from './reruns/batch-list.ts';
import type { BatchWish } from './reruns/batch-plan.ts';
import type { BatchSummary, Batches } from './reruns/batches.ts';
import type { CallIdentity, Rerun, RerunOverrides, RerunSender } from './reruns/reruns.ts';
import type { WhatIfRow } from './reruns/what-if.ts';
import type { Sessions } from './sessions/sessions.ts';
import type { Polling } from './temporal/readiness.ts';
import type { Callbacks } from './webhooks/callbacks.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

export interface Services {
  readonly calls: CallServices;
  readonly sessions: Sessions;
  readonly agents: AgentServices;
  readonly reruns: RerunServices;
  readonly archive: ArchiveServices;
  readonly figures: Figures;
  readonly alerts: Alerts;
  readonly webhooks: Webhooks;
  readonly callbacks: Callbacks;
  readonly access: Access;
  readonly usage: Usage;
  readonly nodes: Nodes;
  readonly temporal: TemporalServices;
}

export interface CallServices {
  /** Starts a call and waits for its end (start-and-await.ts). */
  startAndAwait(call: AwaitedCall, wish: WaitWish): Promise<CallOutcome>;
  /** Operations on started calls: ids that derive from keys, cancellation. */
  readonly running: Calls;
  /** Reads of calls that run or have ended: descriptions, counts. */
  readonly records: CallRecords;
  /** Lists and counts of calls. */
  readonly find: FindCalls;
  /** Follows a call, by its id. */
  readonly events: SharedWatch<string, readonly StoryEvent[]>;
  readonly lists: SharedWatch<WatchedList, LiveList>;
}

export interface AgentServices {
  readonly directory: Agents;
  readonly health: Health;
}

export interface RerunServices {
  /** Runs a call again (reruns.ts). */
  rerunCall(
    callId: string,
    overrides: RerunOverrides,
    given: CallIdentity | undefined,
    sender: RerunSender,
  ): Promise<Rerun>;
  /** Returns which calls a batch would rerun (batch-list.ts). */
  dryRun(batch: BatchWish): Promise<DryRun>;
  /** Compare recorded attempts with the chain of today, for one call or for several (what-if.ts). */
  whatIfOf(callId: string): Promise<WhatIfRow>;
  whatIfOfAll(filter: CallFilter, limit: number): Promise<WhatIfRow[]>;
  readonly batches: Batches;
  /** Follows a batch, by its id. */
  readonly events: SharedWatch<string, BatchSummary>;
}

export interface ArchiveServices {
  /** The archive of failed calls; undefined if they are not archived. */
  readonly failedCalls: Archive | undefined;
  /** Count and export the calls that Temporal still has (call-export.ts). */
  countCalls(filter: CallFilter): Promise<number>;
  exportCalls(filter: CallFilter): AsyncIterable<CallHistory>;
}

export interface TemporalServices {
  /** Returns which workers get new calls, and whether one of them polls (readiness.ts). */
  describePolling(): Promise<Polling>;
}
