/** What users do with webhooks. Every method may throw the refusals `temporal_unavailable` and `payload_store_unavailable`. */
import { randomUUID } from 'node:crypto';
import type { Redelivery } from '../../activities/deliveries.ts';
import { maxRanges, maxSingles, type DeliveryState } from '../../domain/delivery-state.ts';
import { Refusal } from '../../domain/failures.ts';
import { allProjects } from '../../domain/project.ts';
import { isMailto } from '../../domain/mail-addresses.ts';
import { projectOfWebhook, type HttpFormat, type Webhook } from '../../domain/webhook.ts';
import { noSuchWebhook, type NewWebhook, type WebhookChange } from '../../domain/webhook-book.ts';
import { refusing } from '../../payloads/store-refusals.ts';
import { newWebhookSecret } from '../../receivers/secrets.ts';
import type { SendResult } from '../../receivers/send-event.ts';
import { retrySignal } from '../../workflows/messages.ts';
import type { EndingLog } from '../endings/ending-log.ts';
import type { EntityUpdateLimit } from '../temporal/entity-updates.ts';
import type { Temporal } from '../temporal/rpc.ts';
import type { DeliveryFiles } from './delivery-files.ts';
import { findTry, readDeliveries, type DeliveryPage, type DeliveryWish } from './delivery-log.ts';
import { addDeliveryJob, signalDelivery } from './start-delivery.ts';
import type { WebhookDirectory } from './webhook-directory.ts';
import type { WebhookSender } from './webhook-sender.ts';

/** What a user gives for a new webhook. */
export type WebhookWish = Omit<
  NewWebhook,
  'id' | 'url' | 'shownUrl' | 'format' | 'secrets' | 'fromSegment'
> & {
  readonly url: string;
  readonly format?: HttpFormat;
};

/** What a user changes. */
export type WebhookChangeWish = Omit<WebhookChange, 'shownUrl' | 'ifUrl'>;

/** A webhook, and how far its deliveries have come. Undefined before the first. */
export interface KnownWebhook {
  readonly webhook: Webhook;
  readonly deliveries: DeliveryState | undefined;
}

/** A webhook, and its secret, which is shown once. */
export interface ShownWebhook extends KnownWebhook {
  readonly secret: string;
}

interface Parts {
  readonly temporal: Temporal;
  readonly updateLimit: EntityUpdateLimit;
  readonly directory: WebhookDirectory;
  readonly files: DeliveryFiles;
  readonly endings: EndingLog;
  readonly sender: WebhookSender;
  /** How long the log of deliveries is kept, in ms. */
  readonly keptMs: number;
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
}

export class Webhooks {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Throws the refusals `webhook_address_refused` and `webhooks_full`. */
  async create({ url, format, ...wish }: WebhookWish): Promise<ShownWebhook> {
    const { directory, endings, sender } = this.parts;
    const id = `wh${randomUUID().replaceAll('-', '').slice(0, 20)}`;
    const shownUrl = sender.check(url);
    refuseFormat(shownUrl, format);
    const secret = newWebhookSecret();
    // Before the webhook exists: what ends after that comes into later segments.
    const fromSegment = (await refusing(() => endings.newest(0))) + 1;
    const webhook = await directory.create({
      ...wish,
      id,
      url: sender.seal(id, url),
      shownUrl,
      ...(format === 'slack' && { format }),
      secrets: [{ sealed: sender.seal(id, secret) }],
      fromSegment,
    });
    return { webhook, deliveries: undefined, secret };
  }

  /** Returns the webhooks of the project, or of all projects, the oldest first. */
  async list(project: string): Promise<KnownWebhook[]> {
    const all = await this.parts.directory.list();
    const own = all.filter((one) => project === allProjects || projectOfWebhook(one) === project);
    return Promise.all(own.map((webhook) => this.known(webhook)));
  }

  /** Throws the refusal `webhook_not_found`, as all methods with an id. */
  async find(project: string, id: string): Promise<KnownWebhook> {
    return this.known(await this.owned(project, id));
  }

  /** Throws the refusal `webhook_address_refused`. */
  async change(project: string, id: string, { url, ...wish }: WebhookChangeWish): Promise<KnownWebhook> {
    const before = await this.owned(project, id);
    const { directory, sender } = this.parts;
    const target = url !== undefined && { shownUrl: sender.check(url), url: sender.seal(id, url) };
    refuseFormat(target ? target.shownUrl : before.shownUrl, wish.format);
    const changed = await directory.change(id, { ...wish, ...target });
    // What waits is sent now; or the delivery learns that it is off, and that nobody wakes it from now on. If this fails, the
    // client repeats the change.
    const isOn = changed.disabledAt === undefined;
    const isOther = target !== false || wish.format !== undefined;
    if (wish.enabled !== undefined || (isOn && isOther))
      await signalDelivery(this.parts.temporal, id, retrySignal, []);
    return this.known(changed);
  }

  /** Gives the webhook a new secret. What is sent is signed with the one before, too, for `overlapMs`. */
  async rotate(project: string, id: string, overlapMs: number): Promise<ShownWebhook> {
    await this.owned(project, id);
    const secret = newWebhookSecret();
    const rotated = await this.parts.directory.rotate(id, this.parts.sender.seal(id, secret), overlapMs);
    return { ...(await this.known(rotated)), secret };
  }

  /** Removes the webhook, and what is kept of its deliveries. */
  async remove(project: string, id: string): Promise<void> {
    const { directory, temporal } = this.parts;
    const webhook = await directory.find(id);
    if (webhook) {
      refuseOthers(webhook, project);
      await directory.remove(id);
    }
    // Its delivery finds that it is removed, and deletes its log. An earlier try to remove it may have ended before this.
    await signalDelivery(temporal, id, retrySignal, []);
    if (!webhook) throw notFound(id);
  }

  /** Sends a test event once, also if the webhook is switched off. */
  async test(project: string, id: string, signal: AbortSignal): Promise<SendResult> {
    const webhook = await this.owned(project, id);
    return this.parts.sender.test(webhook, signal);
  }

  /** Returns tries, the newest first. Throws the signal's reason once that is aborted. */
  async deliveries(
    project: string,
    id: string,
    wish: DeliveryWish,
    signal: AbortSignal,
  ): Promise<DeliveryPage> {
    const webhook = await this.owned(project, id);
    return refusing(() => readDeliveries(this.look(webhook, signal), wish));
  }

  /**
   * Has one event sent again, of which the log has a try before `before` (epoch ms). Throws the refusals `event_not_found`,
   * `webhook_disabled`, `redeliveries_full`, and the signal's reason once that is aborted.
   */
  async redeliverOne(
    project: string,
    id: string,
    { eventId, before }: { readonly eventId: string; readonly before: number },
    signal: AbortSignal,
  ): Promise<void> {
    const webhook = await this.owned(project, id);
    refuseDisabled(webhook);
    const found = await refusing(() => findTry(this.look(webhook, signal), eventId, before));
    if (typeof found !== 'object') throw noSuchEvent(id, eventId, found);
    const { segment, index } = found;
    await this.refuseFull(id, ({ one }) => one.length >= maxSingles);
    await addDeliveryJob(this.parts, id, { kind: 'one', segment, index });
  }

  /** Has the events of a time sent again. Throws the refusals `webhook_disabled` and `redeliveries_full`. */
  async redeliver(project: string, id: string, job: Redelivery): Promise<void> {
    refuseDisabled(await this.owned(project, id));
    await this.refuseFull(id, ({ ranges }) => ranges.length >= maxRanges);
    await addDeliveryJob(this.parts, id, job);
  }

  /** Jobs that an activity has taken wait in the state while the receiver is down. */
  private async refuseFull(id: string, isFull: (state: DeliveryState) => boolean): Promise<void> {
    const state = await refusing(() => this.parts.files.readState(id));
    if (!state || !isFull(state)) return;
    throw new Refusal(
      'redeliveries_full',
      `Too many redeliveries of '${id}' wait already: try again when they are done`,
    );
  }

  /** What the log may have of the webhook. What its clock says may be off by as long as a log file may be late. */
  private look({ id, createdAt }: Webhook, signal: AbortSignal): Parameters<typeof readDeliveries>[0] {
    const { files, keptMs, now } = this.parts;
    return { files, id, since: Math.max(now() - keptMs, createdAt - 3_600_000), signal };
  }

  private async owned(project: string, id: string): Promise<Webhook> {
    const webhook = await this.parts.directory.find(id);
    if (!webhook) throw notFound(id);
    refuseOthers(webhook, project);
    return webhook;
  }

  private async known(webhook: Webhook): Promise<KnownWebhook> {
    return { webhook, deliveries: await refusing(() => this.parts.files.readState(webhook.id)) };
  }
}

function refuseFormat(shownUrl: string, format: HttpFormat | undefined): void {
  if (format === 'slack' && isMailto(shownUrl))
    throw new Refusal(
      'webhook_address_refused',
      'format: a mailto URL is sent by mail: leave the format out, or give the https URL of a chat',
    );
}

function notFound(id: string): Refusal {
  const { type, detail } = noSuchWebhook(id);
  return new Refusal(type, detail);
}

function refuseOthers(webhook: Webhook, project: string): void {
  if (projectOfWebhook(webhook) !== project) throw notFound(webhook.id);
}

/** `backTo`: the log has an earlier part that was not looked at. */
function noSuchEvent(id: string, eventId: string, backTo: number | undefined): Refusal {
  const none = `No event '${eventId}' in the log of deliveries of '${id}'`;
  return new Refusal(
    'event_not_found',
    backTo === undefined
      ? none
      : `${none} since ${new Date(backTo).toISOString()}: give \`before\`, a time shortly after a try of it`,
  );
}

function refuseDisabled({ id, disabledAt }: Webhook): void {
  if (disabledAt !== undefined)
    throw new Refusal('webhook_disabled', `Webhook '${id}' is switched off: switch it on first`);
}
