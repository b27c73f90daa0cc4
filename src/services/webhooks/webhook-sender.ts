/** Sends events to the receivers of webhooks, in the format of each: opens what is sealed, and signs. */
import { randomUUID } from 'node:crypto';
import { mailText, slackMessage, type EventPlace } from '../../domain/event-texts.ts';
import { withoutLinks, type SentEvent } from '../../domain/event-words.ts';
import { Refusal } from '../../domain/failures.ts';
import { addressesIn, isMailto } from '../../domain/mail-addresses.ts';
import { formatOf, validSecrets, type Webhook } from '../../domain/webhook.ts';
import type { OutgoingEvent, SendResult } from '../../receivers/send-event.ts';
import type { OutgoingMail } from '../../receivers/send-mail.ts';
import type { TargetCheck } from '../../receivers/target.ts';

/** Seals texts for Temporal's database (platform/sealing.ts). */
interface Seal {
  seal(plaintext: string, context: string): string;
  open(sealed: string, context: string): string;
  fingerprint(text: string): string;
}

interface Parts {
  readonly sealer: Seal;
  readonly checkTarget: (url: string) => TargetCheck;
  readonly send: (event: OutgoingEvent, signal: AbortSignal) => Promise<SendResult>;
  /** Undefined without a mail server. */
  readonly sendMail: ((mail: OutgoingMail, signal: AbortSignal) => Promise<SendResult>) | undefined;
  /** The origin of the desk in browsers, if it is known. */
  readonly desk: string | undefined;
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
}

/** What is sent of an event. */
export interface Outgoing {
  readonly eventId: string;
  /** The JSON text. */
  readonly text: string;
  /** Whether an earlier event of its session was parked. */
  readonly isAfterGap?: boolean;
}

export class WebhookSender {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Returns what lists show of the URL. Throws the refusal `webhook_address_refused`. */
  check(url: string, field = 'url'): string {
    if (field === 'url' && isMailto(url)) return this.checkMailto(url);
    const checked = this.parts.checkTarget(url);
    if (!checked.ok) throw new Refusal('webhook_address_refused', `${field}: ${checked.reason}`);
    const { origin, pathname, search } = checked.url;
    return pathname === '/' && search === '' ? `${origin}/` : `${origin}/…`;
  }

  seal(webhookId: string, text: string): string {
    return this.parts.sealer.seal(text, contextOf(webhookId));
  }

  sealCallback(url: string): string {
    return this.parts.sealer.seal(url, callbackContext);
  }

  /** Returns the origin of a sealed `callback_url`. */
  callbackOrigin(url: string): string {
    return new URL(this.parts.sealer.open(url, callbackContext)).origin;
  }

  /** Tries once to send an event to the `callback_url` of a call. Throws the signal's reason once that is aborted. */
  async sendCallback(
    { url, project }: { readonly url: string; readonly project: string },
    { eventId, text }: Outgoing,
    signal: AbortSignal,
  ): Promise<SendResult> {
    return this.parts.send(
      {
        url: this.parts.sealer.open(url, callbackContext),
        secrets: [this.callbackSecret(project)],
        id: eventId,
        timestamp: Math.floor(this.parts.now() / 1_000),
        body: text,
      },
      signal,
    );
  }

  /** Tries once. Throws the signal's reason once that is aborted, and if the URL or a secret was sealed with another key. */
  async send(
    webhook: Webhook,
    { eventId, text, isAfterGap = false }: Outgoing,
    signal: AbortSignal,
  ): Promise<SendResult> {
    const { sealer, now } = this.parts;
    const open = (sealed: string): string => sealer.open(sealed, contextOf(webhook.id));
    const format = formatOf(webhook);
    if (format === 'mail') return this.mail(webhook, { eventId, text }, signal);
    return this.parts.send(
      {
        url: open(webhook.url),
        secrets: validSecrets(webhook, now()).map(open),
        id: eventId,
        timestamp: Math.floor(now() / 1_000),
        body: format === 'slack' ? slackMessage(JSON.parse(text) as SentEvent, this.placeOf(webhook)) : text,
        ...(isAfterGap && { headers: { 'webhook-after-gap': 'true' } }),
      },
      signal,
    );
  }

  /** Without a mail server on this node the try fails: another node may have one. */
  private async mail(
    webhook: Webhook,
    { eventId, text }: Outgoing,
    signal: AbortSignal,
  ): Promise<SendResult> {
    const { sealer, sendMail } = this.parts;
    const found = addressesIn(sealer.open(webhook.url, contextOf(webhook.id)));
    if (!found.ok) return { ok: false, error: found.reason, ms: 0 };
    if (!sendMail) return { ok: false, error: 'a worker has no HOLDFAST_SMTP_URL', ms: 0 };
    const event = JSON.parse(text) as SentEvent;
    const footer = `Sent by the webhook ${withoutLinks(webhook.name)} (${webhook.id}) of Holdfast: ${event.type}, ${event.timestamp}, ${eventId}`;
    const mail = mailText(event, this.placeOf(webhook), footer);
    return sendMail({ ...mail, to: found.addresses, id: eventId, date: new Date(event.timestamp) }, signal);
  }

  private placeOf({ project }: Webhook): EventPlace {
    return { desk: this.parts.desk, project };
  }

  /** Addresses are no secrets: lists show them. */
  private checkMailto(url: string): string {
    const found = addressesIn(url);
    if (!found.ok) throw new Refusal('webhook_address_refused', `url: ${found.reason}`);
    if (!this.parts.sendMail)
      throw new Refusal(
        'webhook_address_refused',
        'url: this node sends no mail: set HOLDFAST_SMTP_URL and HOLDFAST_SMTP_FROM on all nodes, and start them again',
      );
    return `mailto:${found.addresses.join(',')}`;
  }

  /** Returns the secret that signs what is sent to the `callback_url` of the project's calls. */
  callbackSecret(project: string): string {
    const digest = this.parts.sealer.fingerprint(`webhook callbacks of ${project}`);
    return `whsec_${Buffer.from(digest, 'base64url').toString('base64')}`;
  }

  /** Sends an event that is about nothing. */
  test(webhook: Webhook, signal: AbortSignal): Promise<SendResult> {
    const eventId = `evt_test_${randomUUID().replaceAll('-', '')}`;
    const timestamp = new Date(this.parts.now()).toISOString();
    const data = { webhook_id: webhook.id, name: webhook.name };
    const text = JSON.stringify({ type: 'webhook.test', timestamp, data });
    return this.send(webhook, { eventId, text }, signal);
  }
}

/** A rerun has the URL of the call that it runs again, so this is the same for all calls. */
const callbackContext = 'callback_url';

/** What is sealed for one webhook opens for no other. */
const contextOf = (webhookId: string): string => `webhook ${webhookId}`;
