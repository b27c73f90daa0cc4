/** Webhooks: who is told of which events. Times are epoch ms. */
import { mayCall } from './api-key.ts';
import { isMailto } from './mail-addresses.ts';
import { defaultProject } from './project.ts';

/** How a call ends, by the name of its event. */
export const callEventTypes = ['call.completed', 'call.failed', 'call.cancelled'] as const;
/** All events that a webhook may ask for: the API, the desk and docs/webhooks.md show these words. */
export const webhookEvents = {
  'call.completed': 'an agent answered',
  'call.failed': 'no agent answered',
  'call.cancelled': 'the call was cancelled or terminated',
  'agent.state_changed': "an agent's health status changed",
  'batch.ended': 'a batch of reruns ended',
  'alert.fired': 'an alert fired',
  'alert.resolved': 'an alert that had fired is over',
} as const;
export type WebhookEventType = keyof typeof webhookEvents;
export const webhookEventTypes = Object.keys(webhookEvents) as [WebhookEventType, ...WebhookEventType[]];

/** How the events of a webhook are written, if it does not go by mail: the API and the desk show these words. */
export const httpFormats = {
  standard: 'signed JSON, by the Standard Webhooks specification',
  slack: "a message for an incoming webhook of Slack, or of another chat that takes Slack's",
} as const;
export type HttpFormat = keyof typeof httpFormats;
/** `mail`: its URL is a mailto URL. */
export type WebhookFormat = HttpFormat | 'mail';

/** What may become of an event each time that it is sent: the API, the desk and the command line show these words. */
export const deliveryOutcomes = ['delivered', 'failed', 'parked', 'dropped'] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

/** Which events a webhook gets of those whose type it asks for. Each member limits only the events that have what it is about. */
export interface WebhookFilter {
  /** Patterns of the agent that the caller named: names, in which `*` stands for any characters. */
  readonly agents?: readonly string[];
  /** The beginning of the session's id, as its users know it. */
  readonly sessionPrefix?: string;
  readonly userId?: string;
  /** Members that the call's metadata must have at its top level. */
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
}

/** One of the secrets that sign what is sent. */
export interface WebhookSecret {
  readonly sealed: string;
  /** Absent for the newest. */
  readonly until?: number;
}

/** Why a webhook gets nothing: its receiver answered 410, or somebody switched it off. */
export type DisabledBecause = 'gone' | 'by_request';

/** A webhook as the cluster keeps it. */
export interface Webhook {
  readonly id: string;
  readonly name: string;
  /** Absent: `default`. */
  readonly project?: string;
  /** The receiver's URL, sealed: it may contain a secret. A mailto URL names the addresses of mails. */
  readonly url: string;
  /** What lists show of the URL. */
  readonly shownUrl: string;
  /** Absent: `standard`, or `mail` if the URL says so. */
  readonly format?: 'slack';
  readonly events: readonly WebhookEventType[];
  readonly filter: WebhookFilter;
  /** Whether the events of one session are sent in the order in which its calls ended. */
  readonly ordered?: true;
  /** Whether events of calls have the prompt and the answer. */
  readonly withContent?: true;
  readonly createdAt: number;
  /** The first segment of the log of endings that may have events for it. */
  readonly fromSegment: number;
  readonly disabledAt?: number;
  readonly disabledBecause?: DisabledBecause;
  /** The newest secret is the last one. */
  readonly secrets: readonly WebhookSecret[];
}

/** What decides about an event, as far as it is known without reading the call's content. */
export interface EventFacts {
  readonly type: WebhookEventType;
  /** Absent for events that belong to no project. */
  readonly project?: string;
  readonly agent?: string;
  /** As its users know it. */
  readonly sessionId?: string;
  readonly userId?: string;
  readonly at: number;
}

export const projectOfWebhook = ({ project }: Webhook): string => project ?? defaultProject;

export function formatOf({ shownUrl, format }: Pick<Webhook, 'shownUrl' | 'format'>): WebhookFormat {
  return isMailto(shownUrl) ? 'mail' : (format ?? 'standard');
}

/** With which a mail server takes a mail (RFC 5321). HTTP has no such status. */
const mailTaken = 250;

/** What a receiver or a mail server answered. */
export const answerWords = (status: number): string => `${status === mailTaken ? 'SMTP' : 'HTTP'} ${status}`;

/**
 * Whether the webhook may want the event: it does unless the call's metadata says otherwise. One that is switched off gets it
 * once it is switched on again.
 */
export function mayWant(webhook: Webhook, event: EventFacts): boolean {
  const { filter, events, createdAt } = webhook;
  const { type, project, agent, sessionId, userId, at } = event;
  if (at < createdAt || !events.includes(type)) return false;
  if (project !== undefined && project !== projectOfWebhook(webhook)) return false;
  if (agent !== undefined && !mayCall(filter.agents, agent)) return false;
  if (!isCallEvent(type)) return true;
  return (
    (filter.sessionPrefix === undefined || sessionId?.startsWith(filter.sessionPrefix) === true) &&
    (filter.userId === undefined || filter.userId === userId)
  );
}

export function isCallEvent(type: WebhookEventType): boolean {
  return (callEventTypes as readonly string[]).includes(type);
}

/** Whether the call's metadata has what the webhook asks for. */
export function hasMetadata(
  { metadata: wanted = {} }: WebhookFilter,
  metadata: Readonly<Record<string, unknown>> = {},
): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(metadata, name) && metadata[name] === value,
  );
}

/** The secrets that are valid at `now`, sealed, the newest first. */
export function validSecrets({ secrets }: Webhook, now: number): string[] {
  return secrets
    .filter(({ until }) => until === undefined || until > now)
    .map(({ sealed }) => sealed)
    .reverse();
}
