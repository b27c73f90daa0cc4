/** Sends events to the receivers of webhooks: opens what is sealed, and signs. */
import { randomUUID } from 'node:crypto';
import { Refusal } from '../../domain/failures.ts';
import { validSecrets, type Webhook } from '../../domain/webhook.ts';
import type { OutgoingEvent, SendResult } from '../../receivers/send-event.ts';
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
  sendCallback(
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

  /** Tries once. Throws the signal's reason once that is aborted. */
  send(
    webhook: Webhook,
    { eventId, text, isAfterGap = false }: Outgoing,
    signal: AbortSignal,
  ): Promise<SendResult> {
    const { sealer, now } = this.parts;
    const open = (sealed: string): string => sealer.open(sealed, contextOf(webhook.id));
    return this.parts.send(
      {
        url: open(webhook.url),
        secrets: validSecrets(webhook, now()).map(open),
        id: eventId,
        timestamp: Math.floor(now() / 1_000),
        body: text,
        ...(isAfterGap && { headers: { 'webhook-after-gap': 'true' } }),
      },
      signal,
    );
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
