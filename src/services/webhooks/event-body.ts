/** Makes what is sent of an event: the same text whenever it is sent. */
import { type LogEvent, timeOf } from '../../domain/log-event.ts';
import type { Ending } from '../../domain/ending.ts';
import type { AgentStateChanged, BatchEnded, FeedEvent } from '../../domain/feed-event.ts';
import { eventIdOf } from '../../domain/hashed-ids.ts';
import { ownSessionId } from '../../domain/project.ts';
import { promptOf, responseOf } from '../../domain/turn-text.ts';
import { textBytes, type StoredText } from '../../domain/stored-text.ts';
import {
  hasMetadata,
  mayWant,
  projectOfWebhook,
  type EventFacts,
  type Webhook,
  type WebhookEventType,
} from '../../domain/webhook.ts';
import { Refusal } from '../../domain/failures.ts';
import { unlessLost, type TextStore } from '../../payloads/text-store.ts';
import { readCallRun, type CallRun } from '../calls/existing-call.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { alertData } from './alert-data.ts';
import { factsOf, factsOfCall } from './event-facts.ts';

/** An event of the log, as it is sent. */
export interface EventBody {
  /** The JSON text. */
  readonly text: string;
}

/** What identifies an event of the log, which is known without reading more. */
export interface EventName {
  readonly eventId: string;
  readonly type: WebhookEventType;
  /** The id of the call, batch or alert, or the agent's name. */
  readonly about: string;
  /** Epoch ms. */
  readonly happenedAt: number;
}

export function nameOfEvent(event: LogEvent): EventName {
  const happenedAt = timeOf(event);
  if ('callId' in event) {
    const type = `call.${event.outcome}` as const;
    const { callId, runId } = event;
    return { eventId: eventIdOf([type, callId, runId]), type, about: callId, happenedAt };
  }
  const { type } = event;
  if (type === 'batch.ended')
    return { eventId: eventIdOf([type, event.batchId, event.runId]), type, about: event.batchId, happenedAt };
  const { series, sequence } = event;
  const about = type === 'agent.state_changed' ? event.agent : event.alert.id;
  return { eventId: eventIdOf([type, series, sequence, event.at]), type, about, happenedAt };
}

export interface BodyParts {
  readonly temporal: Temporal;
  readonly texts: TextStore;
  /** The most bytes of one body. What makes it larger is left out. */
  readonly maxBytes: number;
}

export interface WebhookBodyParts extends BodyParts {
  /** Whether the project may use the agent, and so may know of it. */
  readonly isUsable: (project: string, agent: string) => Promise<boolean>;
}

/**
 * Returns the body, or why the event is not sent: its call was deleted, or the webhook does not want it after all. Throws the
 * refusal `temporal_unavailable`, and `PayloadStoreError`.
 */
export async function bodyOf(
  parts: WebhookBodyParts,
  event: LogEvent,
  webhook: Webhook,
): Promise<EventBody | 'deleted' | 'unwanted'> {
  if (!('callId' in event)) {
    const { type, happenedAt } = nameOfEvent(event);
    if (!stillWants(webhook, factsOf(event))) return 'unwanted';
    if (
      event.type === 'agent.state_changed' &&
      !(await parts.isUsable(projectOfWebhook(webhook), event.agent))
    )
      return 'unwanted';
    const data = dataOfOther(event);
    return { text: JSON.stringify({ type, timestamp: iso(happenedAt), data }) };
  }
  const run = await readCallRun(parts.temporal, event.callId, event.runId).catch(unlessDeleted);
  if (!run) return 'deleted';
  if (
    !stillWants(webhook, factsOfCall({ ...event, sessionId: run.input.sessionId, userId: run.input.userId }))
  )
    return 'unwanted';
  if (!hasMetadata(webhook.filter, run.input.metadata)) return 'unwanted';
  return bodyOfRun(parts, event, run, webhook.withContent === true);
}

/** Returns the body of the event, of whose run this is the content. Throws `PayloadStoreError`. */
export async function bodyOfRun(
  { texts, maxBytes }: Pick<BodyParts, 'texts' | 'maxBytes'>,
  event: Ending,
  run: CallRun,
  withContent: boolean,
): Promise<EventBody> {
  const { type, happenedAt } = nameOfEvent(event);
  const content = withContent ? await contentOf(texts, run, maxBytes) : {};
  const whole = { type, timestamp: iso(happenedAt), data: { ...dataOf(event, run), ...content } };
  return { text: bounded(whole, maxBytes) };
}

/** Whether the webhook wants the event as it is now: it may have been changed since the event was written into the log. */
function stillWants(webhook: Webhook, event: EventFacts): boolean {
  return mayWant({ ...webhook, createdAt: 0 }, event);
}

export function unlessDeleted(error: unknown): undefined {
  if (!(error instanceof Refusal && error.type === 'call_not_found')) throw error;
}

function dataOfOther(event: FeedEvent) {
  if (event.type === 'batch.ended') return batchData(event);
  return event.type === 'agent.state_changed' ? stateData(event) : alertData(event.alert);
}

function batchData({ batchId, status, startedAt, endedAt, progress }: BatchEnded) {
  return {
    batch_id: batchId,
    status,
    started_at: iso(startedAt),
    ended_at: iso(endedAt),
    total: progress.total,
    now_succeeded: progress.nowSucceeded,
    failed_again: progress.failedAgain,
    skipped: progress.skipped,
    url: `/api/vps/reruns/${encodeURIComponent(batchId)}`,
  };
}

function stateData({ agent, from, to, at, sequence }: AgentStateChanged) {
  return {
    agent_name: agent,
    from,
    to,
    at: iso(at),
    sequence,
    url: `/api/vps/health/${encodeURIComponent(agent)}`,
  };
}

function dataOf(event: Ending, { input, startedAt }: CallRun) {
  const { callId, runId, outcome, errorType, answeredBy, endedAt, queuedMs, attempts, resetFrom } = event;
  return {
    call_id: callId,
    run: runId,
    replaces_run: resetFrom ?? null,
    status: outcome,
    agent_name: input.agentName,
    answered_by: answeredBy ?? null,
    error_type: errorType ?? null,
    session_id: input.sessionId === undefined ? null : ownSessionId(input.sessionId),
    user_id: input.userId ?? null,
    metadata: input.metadata ?? null,
    rerun_of: input.rerunOf ?? null,
    started_at: iso(startedAt),
    ended_at: iso(endedAt),
    queued_ms: queuedMs,
    attempts: attempts.map(({ agent, errorType: type, tries, latencyMs }) => ({
      agent,
      error_type: type ?? null,
      tries,
      latency_ms: latencyMs,
    })),
    url: `/api/vps/calls/${encodeURIComponent(callId)}`,
  };
}

/** What a body has of a call's content. A text that is lost, or larger than a body may be, is `null` and named in `omitted`. */
async function contentOf(texts: TextStore, { input, end }: CallRun, maxBytes: number) {
  const omitted: string[] = [];
  const load = async (name: string, stored: StoredText | undefined): Promise<string | null> => {
    if (stored === undefined) return null;
    const text = textBytes(stored) > maxBytes ? undefined : await unlessLost(() => texts.load(stored));
    if (text === undefined) omitted.push(name);
    return text ?? null;
  };
  const prompt = await load('prompt', promptOf(input));
  const response = await load('response', end?.result && responseOf(end.result));
  return { prompt, response, error: end?.failure?.error ?? null, omitted };
}

/** What is left out of a body that is too large, the first thing first. A receiver finds all of it at `data.url`. */
const optional = ['prompt', 'response', 'metadata', 'error', 'attempts'];

interface Body {
  readonly data: Readonly<Record<string, unknown>> & { readonly omitted?: readonly string[] };
}

function bounded(body: Body, maxBytes: number): string {
  let { omitted = [], ...data } = body.data;
  const written = (): string => JSON.stringify({ ...body, data: { ...data, omitted } });
  for (const name of optional) {
    if (Buffer.byteLength(written()) <= maxBytes) break;
    if (data[name] == null) continue;
    data = { ...data, [name]: null };
    omitted = [...omitted, name];
  }
  return written();
}

const iso = (ms: number): string => new Date(ms).toISOString();
