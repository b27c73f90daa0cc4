/** Every update, signal and query, defined once; workflows handle them, the client sends them. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AgentConfig } from '../domain/agent.ts';
import type { CallProgress } from '../domain/call.ts';
import type { BatchPages } from '../domain/batch.ts';
import type { Outcome } from '../domain/health.ts';
import type { PackedHealth } from '../domain/packed-health.ts';
import type { GrantedTurn, SessionContent, TurnCommit, TurnReply } from '../domain/session.ts';

// agentCall
/** It is the call's turn. Without it the call asks its session for it. */
export const turnGrantedSignal = defineSignal<[turn?: GrantedTurn]>('turnGranted');
export const callProgressQuery = defineQuery<CallProgress>('callProgress');

// session
/** With the life that the call had a turn or a place in the queue of before, if any: no other takes it. */
export const openTurnUpdate = defineUpdate<
  TurnReply,
  [callId: string, metadataBytes?: number, life?: string]
>('openTurn');
export const commitTurnSignal = defineSignal<[TurnCommit]>('commitTurn');
/** A commit that tells what became of it: false if the session keeps nothing of the call. */
export const settleTurnUpdate = defineUpdate<boolean, [TurnCommit, life?: string]>('settleTurn');
/** The facade gives back a turn that no call will use. */
export const releaseTurnSignal = defineSignal<[callId: string]>('releaseTurn');
/** Null once the session is closed. */
export const readSessionQuery = defineQuery<SessionContent | null>('readSession');
/** With its calls: the closed run then tells their ids. */
export const closeSessionUpdate = defineUpdate<null, [withCalls: boolean]>('closeSession');
/** Closes the session if nothing happened since the cutoff; false while a turn is held or queued. */
export const expireSessionUpdate = defineUpdate<boolean, [cutoffMs: number]>('expireSession');

// rerunBatch
export const batchPagesQuery = defineQuery<BatchPages>('batchPages');
/** Nothing more is started; what runs goes on to its end. */
export const cancelBatchSignal = defineSignal('cancelBatch');

// agentDirectory
export interface DirectoryEntry {
  readonly version: number;
  /** Absent: removed. */
  readonly config?: AgentConfig;
}
export interface DirectoryChanges {
  readonly version: number;
  /** These are all entries, not only the changes: what is missing here was removed. */
  readonly complete: boolean;
  readonly entries: Readonly<Record<string, DirectoryEntry>>;
}
export const registerAgentUpdate = defineUpdate<{ version: number; replaced: boolean }, [AgentConfig]>(
  'registerAgent',
);
export const removeAgentUpdate = defineUpdate<{ version: number; removed: boolean }, [name: string]>(
  'removeAgent',
);
export const directoryChangesQuery = defineQuery<DirectoryChanges, [sinceVersion: number]>(
  'directoryChanges',
);

// agentHealth
export interface OutcomeBatch {
  readonly batchId: string;
  readonly outcomes: readonly Outcome[];
}
export interface HealthChanges {
  readonly version: number;
  readonly agents: Readonly<Record<string, PackedHealth>>;
  /** Batches that are part of these figures. */
  readonly batchIds: readonly string[];
}
export const reportOutcomesSignal = defineSignal<[OutcomeBatch]>('reportOutcomes');
export const forgetAgentSignal = defineSignal<[name: string]>('forgetAgent');
/** Declares it healthy as of `at` (epoch ms). */
export const resetAgentSignal = defineSignal<[name: string, at: number]>('resetAgent');
export const healthChangesQuery = defineQuery<HealthChanges, [sinceVersion: number]>('healthChanges');
