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
export const turnGranted = defineSignal<[turn?: GrantedTurn]>('turnGranted');
export const callProgress = defineQuery<CallProgress>('callProgress');

// session
/** With the life that the call had a turn or a place in the queue of before, if any: no other takes it. */
export const openTurn = defineUpdate<TurnReply, [callId: string, metadataBytes?: number, life?: string]>(
  'openTurn',
);
export const commitTurn = defineSignal<[TurnCommit]>('commitTurn');
/** A commit that tells what became of it: false if the session keeps nothing of the call. */
export const settleTurn = defineUpdate<boolean, [TurnCommit, life?: string]>('settleTurn');
/** The facade gives back a turn that no call will use. */
export const releaseTurn = defineSignal<[callId: string]>('releaseTurn');
/** Null once the session is closed. */
export const readSession = defineQuery<SessionContent | null>('readSession');
/** With its calls: the closed run then tells their ids. */
export const closeSession = defineUpdate<null, [withCalls: boolean]>('closeSession');
/** Closes the session if nothing happened since the cutoff; false while a turn is held or queued. */
export const expireSession = defineUpdate<boolean, [cutoffMs: number]>('expireSession');

// rerunBatch
export const batchPages = defineQuery<BatchPages>('batchPages');
/** Nothing more is started; what runs goes on to its end. */
export const cancelBatch = defineSignal('cancelBatch');

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
export const registerAgent = defineUpdate<{ version: number; replaced: boolean }, [AgentConfig]>(
  'registerAgent',
);
export const removeAgent = defineUpdate<{ version: number; removed: boolean }, [name: string]>('removeAgent');
export const directoryChanges = defineQuery<DirectoryChanges, [sinceVersion: number]>('directoryChanges');

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
export const reportOutcomes = defineSignal<[OutcomeBatch]>('reportOutcomes');
export const forgetAgent = defineSignal<[name: string]>('forgetAgent');
/** Declares it healthy as of `at` (epoch ms). */
export const resetAgent = defineSignal<[name: string, at: number]>('resetAgent');
export const healthChanges = defineQuery<HealthChanges, [sinceVersion: number]>('healthChanges');
