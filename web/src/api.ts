/** Every request that the desk makes, by name. */
import type { AgentPauseRequest, AgentRegistration } from '../../src/contract/agent-requests.ts';
import type { Agent, AgentList, AgentRegistered } from '../../src/contract/agents.ts';
import type { Alert, AlertList, Silence, SilenceList, SilenceRequest } from '../../src/contract/alerts.ts';
import type { CallRequest } from '../../src/contract/call-requests.ts';
import type { CallAccepted, CallCounts, CallDescription, CallList } from '../../src/contract/calls.ts';
import type { FiguresAnswer } from '../../src/contract/figures.ts';
import type { AgentHealth, DetailedHealth, ProbeReport } from '../../src/contract/health.ts';
import type { Key, KeyList, KeyRequest, ShownKey } from '../../src/contract/keys.ts';
import type { NodeList } from '../../src/contract/nodes.ts';
import type { ProjectLimitsRequest } from '../../src/contract/limits.ts';
import type { Project, ProjectList, ProjectRequest } from '../../src/contract/projects.ts';
import type { RerunBatchRequest, RerunOverrides } from '../../src/contract/rerun-requests.ts';
import type {
  BatchAccepted,
  BatchCancelled,
  BatchDescription,
  BatchDryRun,
  BatchList,
  RerunAccepted,
} from '../../src/contract/reruns.ts';
import type { SessionForkRequest } from '../../src/contract/session-requests.ts';
import type {
  ImportReport,
  Session,
  SessionFork,
  SessionList,
  SessionPage,
} from '../../src/contract/sessions.ts';
import type { SignIn } from '../../src/contract/sign-in.ts';
import type {
  Delivery,
  DeliveryPage,
  RedeliveryRequest,
  ShownWebhook,
  TestDelivery,
  Webhook,
  WebhookChange,
  WebhookList,
  WebhookRequest,
} from '../../src/contract/webhooks.ts';
import type { WhatIf } from '../../src/contract/what-if.ts';
import { send } from './http.ts';
import { isDots, queryString, segment } from './urls.ts';

/** A filter of calls, as the API's query takes it. */
export type FilterValues = Readonly<Record<string, string | undefined>>;
type LimitsToSet = NonNullable<KeyRequest['limits']>;
type BatchOrder = Omit<RerunBatchRequest, 'filter' | 'dry_run'> & { readonly filter: FilterValues };

/** The requests of the desk. Each throws `Problem` if it fails. A parameter named `key` is the Idempotency-Key. */
export const api = {
  calls: (filter: FilterValues, cursor?: string) =>
    send<CallList>('GET', `/calls${queryString({ ...filter, cursor, limit: 50 })}`),
  newestCalls: (filter: FilterValues, limit: number) =>
    send<CallList>('GET', `/calls${queryString({ ...filter, limit })}`),
  counts: (filter: FilterValues) => send<CallCounts>('GET', `/calls/counts${queryString(filter)}`),
  figures: (wish: FilterValues) => send<FiguresAnswer>('GET', `/figures${queryString(wish)}`),
  call: (id: string) => send<CallDescription>('GET', `/calls/${segment(id)}`),
  whatIf: (id: string) => send<WhatIf>('GET', `/calls/${segment(id)}/what-if`),
  /** Starts a call and does not wait for its end. */
  ask: (request: CallRequest, key: string) =>
    send<CallAccepted>('POST', '/call', request, key, 'respond-async'),
  cancel: (id: string) => send<CallAccepted>('POST', `/calls/${segment(id)}/cancel`),
  sendCallback: (id: string) => send('POST', `/calls/${segment(id)}/callback`),
  rerun: (id: string, overrides: RerunOverrides, key: string) =>
    send<RerunAccepted>('POST', `/calls/${segment(id)}/rerun`, overrides, key),

  batches: (cursor?: string) => send<BatchList>('GET', `/reruns${queryString({ cursor, limit: 50 })}`),
  batch: (id: string) => send<BatchDescription>('GET', `/reruns/${segment(id)}`),
  dryRun: (order: BatchOrder) => send<BatchDryRun>('POST', '/reruns', { ...order, dry_run: true }),
  startBatch: (order: BatchOrder, key: string) => send<BatchAccepted>('POST', '/reruns', order, key),
  cancelBatch: (id: string) => send<BatchCancelled>('POST', `/reruns/${segment(id)}/cancel`),

  agents: () => send<AgentList>('GET', '/agents'),
  healths: () => send<DetailedHealth>('GET', '/health?details=true'),
  register: (agent: AgentRegistration) => send<AgentRegistered>('POST', '/register', agent),
  removeAgent: (name: string) =>
    send('DELETE', isDots(name) ? `/agents${queryString({ id: name })}` : `/agents/${segment(name)}`),
  pauseAgent: (name: string, pause: AgentPauseRequest) =>
    send<Agent>('POST', `/agents/${segment(name)}/pause`, pause),
  resumeAgent: (name: string) => send<Agent>('POST', `/agents/${segment(name)}/resume`),
  resetCircuit: (name: string) => send<AgentHealth>('POST', `/health/${segment(name)}/reset`),
  probe: (name: string) => send<ProbeReport>('POST', `/health/${segment(name)}/probe`),

  nodes: () => send<NodeList>('GET', '/nodes'),

  sessions: (cursor?: string) => send<SessionList>('GET', `/sessions${queryString({ cursor, limit: 200 })}`),
  /** A page of sessions with their user, count of messages and last activity. */
  sessionsInDetail: (cursor?: string) =>
    send<SessionList>('GET', `/sessions${queryString({ cursor, limit: 50, include: 'details' })}`),
  // The id is in the query because not every id can be a path segment.
  session: (id: string) => send<Session>('GET', `/sessions${queryString({ id })}`),
  /** A page of the session's messages, newest first: before the message with that number, or the newest ones. */
  sessionPage: (id: string, before?: number) =>
    send<SessionPage>('GET', `/sessions${queryString({ id, before: before?.toString(), limit: 50 })}`),
  forkSession: (id: string, fork: SessionForkRequest) =>
    send<SessionFork>('POST', `/sessions/${segment(id)}/fork`, fork),
  removeSession: (id: string, calls: boolean) =>
    send('DELETE', `/sessions${queryString({ id, calls: String(calls) })}`),
  importSessions: (file: Blob) => send<ImportReport>('POST', '/sessions/import', file),

  whoIsSignedIn: () => send<SignIn>('GET', '/sign-in'),
  signIn: (apiKey: string) => send<SignIn>('POST', '/sign-in', { api_key: apiKey }),
  signOut: () => send('DELETE', '/sign-in'),

  alerts: (state?: 'active' | 'resolved') => send<AlertList>('GET', `/alerts${queryString({ state })}`),
  acknowledgeAlert: (id: string, note: string) =>
    send<Alert>('POST', `/alerts/${segment(id)}/acknowledge`, { note }),
  silences: () => send<SilenceList>('GET', '/alerts/silences'),
  silenceAlerts: (request: SilenceRequest) => send<Silence>('POST', '/alerts/silences', request),
  unsilence: (id: string) => send('DELETE', `/alerts/silences/${segment(id)}`),

  webhooks: () => send<WebhookList>('GET', '/webhooks'),
  webhook: (id: string) => send<Webhook>('GET', `/webhooks/${segment(id)}`),
  createWebhook: (request: WebhookRequest) => send<ShownWebhook>('POST', '/webhooks', request),
  changeWebhook: (id: string, change: WebhookChange) =>
    send<Webhook>('PATCH', `/webhooks/${segment(id)}`, change),
  rotateWebhook: (id: string, overlapSeconds: number) =>
    send<ShownWebhook>('POST', `/webhooks/${segment(id)}/rotate`, { overlap_seconds: overlapSeconds }),
  testWebhook: (id: string) => send<TestDelivery>('POST', `/webhooks/${segment(id)}/test`),
  removeWebhook: (id: string) => send('DELETE', `/webhooks/${segment(id)}`),
  /** A page of the webhook's deliveries, newest first: before that time, or the newest ones. */
  deliveries: (id: string, outcome: Delivery['outcome'] | undefined, before?: string) =>
    send<DeliveryPage>(
      'GET',
      `/webhooks/${segment(id)}/deliveries${queryString({ outcome, before, limit: 50 })}`,
    ),
  /** Sends an event again of which there was a try before that time. */
  redeliver: (id: string, eventId: string, before: string) =>
    send(
      'POST',
      `/webhooks/${segment(id)}/deliveries/${segment(eventId)}/redeliver${queryString({ before })}`,
    ),
  redeliverMany: (id: string, request: RedeliveryRequest) =>
    send('POST', `/webhooks/${segment(id)}/redeliver`, request),

  keys: () => send<KeyList>('GET', '/keys'),
  createKey: (request: KeyRequest) => send<ShownKey>('POST', '/keys', request),
  limitKey: (id: string, limits: LimitsToSet) => send<Key>('PATCH', `/keys/${segment(id)}`, { limits }),
  rotateKey: (id: string, overlapSeconds: number) =>
    send<ShownKey>('POST', `/keys/${segment(id)}/rotate`, { overlap_seconds: overlapSeconds }),
  revokeKey: (id: string) => send<Key>('DELETE', `/keys/${segment(id)}`),

  projects: () => send<ProjectList>('GET', '/projects'),
  createProject: (request: ProjectRequest) => send<Project>('POST', '/projects', request),
  limitProject: (name: string, limits: ProjectLimitsRequest) =>
    send<Project>('PATCH', `/projects/${segment(name)}`, { limits }),
  closeProject: (name: string) => send<Project>('POST', `/projects/${segment(name)}/close`),
};
