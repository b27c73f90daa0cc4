/** Wires webhooks: what the API needs of them, what the feed of endings, and what a worker runs of them. */
import type { CallbackActivities, DeliveryActivities } from '../activities/deliveries.ts';
import type { Config } from '../platform/config.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Sealer } from '../platform/sealing.ts';
import { version } from '../platform/version.ts';
import { besideTemporal } from '../platform/webhook-settings.ts';
import { Sender } from '../receivers/send-event.ts';
import { MailSender } from '../receivers/send-mail.ts';
import { checkTarget } from '../receivers/target.ts';
import type { Agents } from '../services/agents/agents.ts';
import type { EntityUpdateLimit } from '../services/temporal/entity-updates.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import { Callbacks } from '../services/webhooks/callbacks.ts';
import { createCallbackWork } from '../services/webhooks/callback-work.ts';
import { createDeliveryWork } from '../services/webhooks/delivery-work.ts';
import { bodyOf } from '../services/webhooks/event-body.ts';
import { WebhookDirectory } from '../services/webhooks/webhook-directory.ts';
import { WebhookSender } from '../services/webhooks/webhook-sender.ts';
import { Webhooks } from '../services/webhooks/webhooks.ts';
import type { Payloads } from './open-payloads.ts';

interface Parts {
  readonly temporal: Temporal;
  readonly sealer: Sealer;
  readonly payloads: Payloads;
  readonly updateLimit: EntityUpdateLimit;
  /** Epoch ms by the clock of the Temporal server. */
  readonly now: () => number;
  /** The ports of this machine on which Holdfast and the embedded server listen. */
  readonly ownPorts: () => readonly number[];
  readonly temporalAddress: string;
}

export interface ComposedWebhooks {
  readonly webhooks: Webhooks;
  readonly callbacks: Callbacks;
  readonly directory: WebhookDirectory;
  readonly sender: WebhookSender;
  close(): Promise<void>;
}

/** What a worker runs. */
export interface WebhookWork {
  readonly activities: DeliveryActivities & CallbackActivities;
  /** Call this when the worker stops: other workers continue at once. */
  handOver(): void;
}

export function composeWebhooks(config: Config, parts: Parts): ComposedWebhooks {
  const { temporal, sealer, payloads, updateLimit, now, ownPorts, temporalAddress } = parts;
  const { targets, timeoutMs, maxWebhooks, retryMs, mailServer } = config.webhooks;
  const rules = besideTemporal(targets, { address: temporalAddress, ports: ownPorts });
  const http = new Sender({ rules, timeoutMs, version });
  const mail = mailServer && new MailSender({ server: mailServer, timeoutMs });
  const sender = new WebhookSender({
    sealer,
    checkTarget: (url) => checkTarget(url, rules),
    send: (event, signal) => http.send(event, signal),
    sendMail: mail && ((message, signal) => mail.send(message, signal)),
    desk: config.publicOrigins[0],
    now,
  });
  const directory = new WebhookDirectory(temporal, updateLimit, maxWebhooks);
  const { endings, deliveries: files } = payloads;
  const keptMs = config.endings.keptMs;
  return {
    webhooks: new Webhooks({ temporal, updateLimit, directory, files, endings, sender, keptMs, now }),
    callbacks: new Callbacks({ temporal, sender, retryMs }),
    directory,
    sender,
    close: () => http.close(),
  };
}

export function composeWebhookWork(
  { webhooks: { retryMs, maxBytes }, endings: { marginMs } }: Config,
  {
    temporal,
    payloads,
    agents,
    now,
  }: Pick<Parts, 'temporal' | 'payloads' | 'now'> & { readonly agents: Agents },
  { directory, sender }: ComposedWebhooks,
  { webhookDeliveries }: Metrics,
): WebhookWork {
  const isUsable = async (project: string, agent: string): Promise<boolean> =>
    (await agents.find(project, agent)) !== undefined;
  const bodies = { temporal, texts: payloads.texts, maxBytes, isUsable };
  const onOutcome = (outcome: string): void => webhookDeliveries.inc({ outcome });
  const deliveries = createDeliveryWork({
    directory,
    files: payloads.deliveries,
    endings: payloads.endings,
    bodyOf: (event, webhook) => bodyOf(bodies, event, webhook),
    send: (webhook, event, signal) => sender.send(webhook, event, signal),
    onOutcome,
    retryMs,
    marginMs,
    now,
  });
  const callbacks = createCallbackWork({ ...bodies, sender, onOutcome });
  return {
    activities: { ...deliveries.activities, ...callbacks },
    handOver: () => deliveries.handOver(),
  };
}
