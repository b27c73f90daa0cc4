/** Every update, signal and query, defined once: workflows handle them, services send them. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AccessState, Actor, NewKey } from '../domain/access-book.ts';
import type { AgentConfig } from '../domain/agent.ts';
import type { AgentPause } from '../domain/agent-pause.ts';
import type { Alert, Silence } from '../domain/alert.ts';
import type { AlertChange, AlertReport, AlertState, NewSilence } from '../domain/alert-book.ts';
import type { ApiKey } from '../domain/api-key.ts';
import type { CallProgress } from '../domain/call.ts';
import type { BatchPages } from '../domain/batch.ts';
import type { ToldChange } from '../domain/feed-event.ts';
import type { Outcome } from '../domain/health.ts';
import type { UsageReport, UsageSummary } from '../domain/usage-book.ts';
import type { Limits } from '../domain/limits.ts';
import type { PackedHealth } from '../domain/packed-health.ts';
import type { Project } from '../domain/project.ts';
import type { Append, Appended, SessionContent, SessionSettings, SettingsChange } from '../domain/session.ts';
import type { NewWebhook, WebhookChange, WebhookState } from '../domain/webhook-book.ts';
import type { Webhook } from '../domain/webhook.ts';
import type { DeliveryJob } from '../activities/deliveries.ts';
import type { StateChange } from '../domain/state-changes.ts';
import type { GrantedTurn, TurnCommit, TurnReply, TurnWish } from '../domain/turn.ts';

// agentCall
/** Sent by a session to grant a call its turn. Without an argument the call must ask its session again. */
export const turnGrantedSignal = defineSignal<[turn?: GrantedTurn]>('turnGranted');
/** Returns how far the call has come. */
export const callProgressQuery = defineQuery<CallProgress>('callProgress');

// session
/**
 * Requests a turn. `life` is the life that granted the call a turn or queued it before, if any. A session of another life
 * rejects the update. Only facades send a wish.
 */
export const openTurnUpdate = defineUpdate<
  TurnReply,
  [callId: string, metadataBytes?: number, life?: string | null, wish?: TurnWish]
>('openTurn');
/** Tells the session how a call has ended. The session stores its turn and grants the next one. */
export const commitTurnSignal = defineSignal<[TurnCommit]>('commitTurn');
/** Commits a turn and returns whether the session stores it. Rejected with `session_not_found` by another life. */
export const settleTurnUpdate = defineUpdate<boolean, [TurnCommit, life?: string]>('settleTurn');
/**
 * Appends messages without a call. Rejected with `session_busy` while a call holds or waits for the turn, with `other_life` if
 * its texts belong to another life.
 */
export const appendMessagesUpdate = defineUpdate<Appended, [Append]>('appendMessages');
/** Changes the settings and returns all of them. Rejected with `other_life` if its text belongs to another life. */
export const configureSessionUpdate = defineUpdate<SessionSettings, [SettingsChange]>('configureSession');
/** Sent by a facade to give back a turn that no call will use. */
export const releaseTurnSignal = defineSignal<[callId: string]>('releaseTurn');
/** Returns the session's content; null once the session is closed. */
export const readSessionQuery = defineQuery<SessionContent | null>('readSession');
/** Closes the session. With `withCalls` its result lists the ids of the calls to delete too. */
export const closeSessionUpdate = defineUpdate<null, [withCalls: boolean]>('closeSession');
/**
 * Closes the session if it was idle since the cutoff (epoch ms). Returns whether it is closed; `held` if it is not because a
 * call holds the turn, which may have ended.
 */
export const expireSessionUpdate = defineUpdate<boolean | 'held', [cutoffMs: number]>('expireSession');

// rerunBatch
/** Returns the keys of the batch's pages so far. */
export const batchPagesQuery = defineQuery<BatchPages>('batchPages');
/** Cancels the batch: it starts no further reruns; those that run continue to their end. */
export const cancelBatchSignal = defineSignal('cancelBatch');

// agentDirectory
/** One agent, and the directory's version at its latest change. */
export interface DirectoryEntry {
  readonly version: number;
  /** The agent's config. Absent if the agent was removed. */
  readonly config?: AgentConfig;
  /** Set if the agent is paused, or was until the end of the pause. */
  readonly pause?: AgentPause;
}
/** The changes of the directory since the version that the query names. */
export interface DirectoryChanges {
  readonly version: number;
  /** Whether `entries` has all agents and not only changed ones. Then an agent that is missing was removed. */
  readonly complete: boolean;
  readonly entries: Readonly<Record<string, DirectoryEntry>>;
}
/**
 * Registers or replaces an agent, which stays paused if it was. Rejected with `agents_full` if the directory is at a limit.
 */
export const registerAgentUpdate = defineUpdate<
  { version: number; replaced: boolean; pause?: AgentPause },
  [AgentConfig]
>('registerAgent');
/**
 * Pauses an agent, or changes its pause, which keeps its start; null resumes the agent. Returns the agent; null if it is not
 * registered. Rejected with `agents_full` if all pauses together are too large.
 */
export const pauseAgentUpdate = defineUpdate<DirectoryEntry | null, [name: string, AgentPause | null]>(
  'pauseAgent',
);
/** Removes an agent. `removed` is false if it was not registered. */
export const removeAgentUpdate = defineUpdate<{ version: number; removed: boolean }, [name: string]>(
  'removeAgent',
);
/** Returns the agents that changed since the version of the caller's cache. */
export const directoryChangesQuery = defineQuery<DirectoryChanges, [sinceVersion: number]>(
  'directoryChanges',
);

// agentHealth
/** Outcomes of agents that a node sends in one signal. A signal whose `batchId` is among the last ones is ignored. */
export interface OutcomeBatch {
  readonly batchId: string;
  readonly outcomes: readonly Outcome[];
}
/** The agents whose health changed since the version that the query names. */
export interface HealthChanges {
  readonly version: number;
  readonly agents: Readonly<Record<string, PackedHealth>>;
  /** Ids of the batches that these figures include. */
  readonly batchIds: readonly string[];
}
/** The changes of the agents' statuses after the one that the query names, or all. */
export interface NewStateChanges {
  /** The life of the workflow, which goes on through continue-as-new. */
  readonly series: string;
  /** The number of the newest change. */
  readonly sequence: number;
  /** Oldest first. The oldest ones are missing if they are too many. */
  readonly changes: readonly StateChange[];
  /** When a status changes next although nothing happens, epoch ms. Somebody must send `noteStates` then. */
  readonly nextAt?: number;
}
/** Adds outcomes to the agents' health. */
export const reportOutcomesSignal = defineSignal<[OutcomeBatch]>('reportOutcomes');
/** Resets an agent's health to that of a new one, because the agent was removed. */
export const forgetAgentSignal = defineSignal<[name: string]>('forgetAgent');
/** Declares the agent healthy as of `at` (epoch ms). */
export const resetAgentSignal = defineSignal<[name: string, at: number]>('resetAgent');
/** Returns the health of the agents that changed since the version of the caller's cache. */
export const healthChangesQuery = defineQuery<HealthChanges, [sinceVersion: number]>('healthChanges');
/** Notes which statuses have changed because outcomes have become too old to count. */
export const noteStatesSignal = defineSignal('noteStates');
/** Returns the changes of the agents' statuses after the one that the caller has told others last. */
export const stateChangesQuery = defineQuery<NewStateChanges, [told?: ToldChange]>('stateChanges');

// accessDirectory
/** A new secret for a key: the digest of its text, and how long the secret before stays valid. */
export interface NewSecret {
  readonly id: string;
  readonly digest: string;
  readonly overlapMs: number;
}
/** Adds a key. Rejected with `first_key_not_admin`, `keys_full`, or as every change with `unauthorized` or `scope_missing`. */
export const createKeyUpdate = defineUpdate<ApiKey, [NewKey, by: Actor]>('createKey');
/** Gives a key a new secret. Rejected with `key_not_found` or `key_ended`. */
export const rotateKeyUpdate = defineUpdate<ApiKey, [NewSecret, by: Actor]>('rotateKey');
/** Ends a key. Rejected with `key_not_found` or `last_admin_key`. */
export const revokeKeyUpdate = defineUpdate<ApiKey, [id: string, by: Actor]>('revokeKey');
/**
 * Creates a project. Rejected with `project_exists` or `projects_full`, or as every change with `unauthorized` or
 * `scope_missing`.
 */
export const createProjectUpdate = defineUpdate<Project, [name: string, by: Actor]>('createProject');
/** Closes a project for good. Rejected with `project_not_found` or `default_project`. */
export const closeProjectUpdate = defineUpdate<Project, [name: string, by: Actor]>('closeProject');
/** Replaces the limits of a key. Rejected with `key_not_found` or `key_ended`. */
export const limitKeyUpdate = defineUpdate<ApiKey, [id: string, Limits, by: Actor]>('limitKey');
/** Replaces the limits of a project. Rejected with `project_not_found` or `default_project`. */
export const limitProjectUpdate = defineUpdate<Project, [name: string, Limits, by: Actor]>('limitProject');
/** Returns all projects and keys. */
export const readAccessQuery = defineQuery<AccessState>('readAccess');

// keyUsage
/** Returns what other facades than `node` have used, their requests in that minute (epoch minutes). */
export const usageQuery = defineQuery<UsageSummary, [node: string, minute: number]>('usage');
/** Adds what a facade has used, and returns what the others have. */
export const reportUsageUpdate = defineUpdate<UsageSummary, [UsageReport]>('reportUsage');

// webhookDirectory
/** A new secret for a webhook, and how long the secret before stays valid. */
export interface NewWebhookSecret {
  readonly id: string;
  readonly sealed: string;
  readonly overlapMs: number;
}
/** Adds a webhook. Rejected with `webhooks_full` if there are `most`. */
export const createWebhookUpdate = defineUpdate<Webhook, [NewWebhook, most: number]>('createWebhook');
/** Changes a webhook. Rejected with `webhook_not_found` or `webhooks_full`. */
export const changeWebhookUpdate = defineUpdate<Webhook, [id: string, WebhookChange]>('changeWebhook');
/** Gives a webhook a new secret. Rejected with `webhook_not_found`. */
export const rotateWebhookUpdate = defineUpdate<Webhook, [NewWebhookSecret]>('rotateWebhook');
/** Removes a webhook, and returns it. Rejected with `webhook_not_found`. */
export const removeWebhookUpdate = defineUpdate<Webhook, [id: string]>('removeWebhook');
/** Returns all webhooks. */
export const readWebhooksQuery = defineQuery<WebhookState>('readWebhooks');

// webhookDelivery
/** Says that this segment of the log may have events for the webhook. */
export const wakeSignal = defineSignal<[segment: number]>('wake');
/** Has what waits sent now, and not only after its backoff. A removed webhook is forgotten. */
export const retrySignal = defineSignal('retry');
/** Adds a redelivery. Rejected with `redeliveries_full`. */
export const addJobUpdate = defineUpdate<null, [DeliveryJob]>('addJob');

// alertBook
/** The announcements after the one that the query names, or all. */
export interface NewAlertChanges {
  /** The life of the workflow, which goes on through continue-as-new. */
  readonly series: string;
  /** The number of the newest change. */
  readonly sequence: number;
  /** Oldest first. The oldest ones are missing if they are too many. */
  readonly changes: readonly AlertChange[];
}
/** Who changes an alert or a silence: those of other projects do not exist for them. */
export interface AlertAcknowledgement {
  readonly id: string;
  readonly project: string;
  readonly by: string;
  readonly note: string;
}
/** Replaces what a reporter has reported. That of an earlier fence is ignored. */
export const reportAlertsUpdate = defineUpdate<null, [AlertReport]>('reportAlerts');
/** Notes that somebody takes care of an alert. Rejected with `alert_not_found`. */
export const acknowledgeAlertUpdate = defineUpdate<Alert, [AlertAcknowledgement]>('acknowledgeAlert');
/** Adds a silence. Rejected with `silences_full`. */
export const silenceAlertsUpdate = defineUpdate<Silence, [NewSilence]>('silenceAlerts');
/** Ends a silence. Rejected with `silence_not_found`. */
export const unsilenceAlertsUpdate = defineUpdate<Silence, [id: string, project: string]>('unsilenceAlerts');
/** Returns all alerts and silences, without the changes. */
export const readAlertsQuery = defineQuery<AlertState>('readAlerts');
/** Returns the announcements after the one that the caller has told others last. */
export const alertChangesQuery = defineQuery<NewAlertChanges, [told?: ToldChange]>('alertChanges');
