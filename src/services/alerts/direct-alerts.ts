/** Sends alerts to webhooks without anything durable: once, and marked as such. */
import pMap from 'p-map';
import { projectOfAlert, type Alert } from '../../domain/alert.ts';
import { eventIdOf } from '../../domain/hashed-ids.ts';
import { mayWant, type Webhook } from '../../domain/webhook.ts';
import { alertData } from '../webhooks/alert-data.ts';
import type { WebhookDirectory } from '../webhooks/webhook-directory.ts';
import type { WebhookSender } from '../webhooks/webhook-sender.ts';

interface Parts {
  readonly directory: Pick<WebhookDirectory, 'list' | 'known'>;
  readonly sender: Pick<WebhookSender, 'send'>;
  /** Called if a receiver does not take it. It is not tried again. */
  readonly onFailed: (webhookId: string, error: unknown) => void;
}

const timeLimitMs = 30_000;
const concurrency = 8;

export class DirectAlerts {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Learns which webhooks there are, while that can be read. Throws the refusal `temporal_unavailable`. */
  async refresh(): Promise<void> {
    await this.parts.directory.list();
  }

  /** Tells the webhooks that are known and want it. Does not throw. */
  async send(alert: Alert): Promise<void> {
    const type = 'alert.fired';
    const timestamp = new Date(alert.firedAt).toISOString();
    const text = JSON.stringify({ type, timestamp, data: alertData(alert, { direct: true }) });
    const eventId = eventIdOf([type, 'direct', alert.id]);
    const facts = { type, project: projectOfAlert(alert), at: alert.firedAt } as const;
    const wanting = this.parts.directory.known.filter(
      (one) => one.disabledAt === undefined && mayWant(one, facts),
    );
    await pMap(wanting, (webhook) => this.sendTo(webhook, { eventId, text }), { concurrency });
  }

  private async sendTo(webhook: Webhook, event: { readonly eventId: string; readonly text: string }) {
    const { sender, onFailed } = this.parts;
    try {
      const result = await sender.send(webhook, event, AbortSignal.timeout(timeLimitMs));
      if (!result.ok) onFailed(webhook.id, result.error);
    } catch (error) {
      onFailed(webhook.id, error);
    }
  }
}
