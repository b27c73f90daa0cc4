/** What users do with webhooks. Every method may throw the refusals `temporal_unavailable` and `payload_store_unavailable`. */
import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Redelivery } from '../../activities/deliveries.ts';
import type { DeliveryState } from '../../domain/delivery-book.ts';
import { Refusal } from '../../domain/failures.ts';
import { deliveryWorkflowId } from '../../domain/ids.ts';
import { allProjects } from '../../domain/project.ts';
import { projectOfWebhook, type Webhook } from '../../domain/webhook.ts';
import type { NewWebhook, WebhookChange } from '../../domain/webhook-book.ts';
import { refusing } from '../../payloads/store-refusals.ts';
import { newWebhookSecret } from '../../receivers/secrets.ts';
import type { SendResult } from '../../receivers/send-event.ts';
import { addJobUpdate, retrySignal } from '../../workflows/messages.ts';
import type { webhookDelivery } from '../../workflows/webhook-delivery.ts';
import type { EndingLog } from '../endings/ending-log.ts';
import { sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { isNotFound, rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from '../temporal/rpc.ts';
import type { DeliveryEntry, DeliveryFiles } from './delivery-files.ts';
import { signalDelivery } from './signal-delivery.ts';
import type { WebhookDirectory } from './webhook-directory.ts';
import type { WebhookSender } from './webhook-sender.ts';

/** What a user gives for a new webhook. */
export type WebhookWish = Omit<NewWebhook, 'id' | 'url' | 'shownUrl' | 'secrets' | 'fromSegment'> & {
  readonly url: string;
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

export interface DeliveryWish {
  readonly outcome?: DeliveryEntry['outcome'] | undefined;
  /** Epoch ms, exclusive. */
  readonly before: number;
  readonly limit: number;
}

/** How many redeliveries of a webhook wait at most: of a time, and of single events. */
const maxRedeliveries = 20;
const maxEvents = 1_000;

interface Parts {
  readonly temporal: Temporal;
  readonly updateLimit: EntityUpdateLimit;
  readonly directory: WebhookDirectory;
  readonly files: DeliveryFiles;
  readonly endings: EndingLog;
  readonly sender: WebhookSender;
  /** How long the log of deliveries is kept, in ms. */
  readonly keptMs: number;
}

export class Webhooks {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Throws the refusals `webhook_address_refused` and `webhooks_full`. */
  async create({ url, ...wish }: WebhookWish): Promise<ShownWebhook> {
    const { directory, endings, sender } = this.parts;
    const id = `wh${randomUUID().replaceAll('-', '').slice(0, 20)}`;
    const shownUrl = sender.check(url);
    const secret = newWebhookSecret();
    // Before the webhook exists: what ends after that comes into later segments.
    const fromSegment = (await refusing(() => endings.newest(0))) + 1;
    const webhook = await directory.create({
      ...wish,
      id,
      url: sender.seal(id, url),
      shownUrl,
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
    await this.owned(project, id);
    const { directory, sender } = this.parts;
    const target = url !== undefined && { shownUrl: sender.check(url), url: sender.seal(id, url) };
    const changed = await directory.change(id, { ...wish, ...target });
    // What waits is sent now. If this fails, the sender repeats the change.
    const mustRetry = changed.disabledAt === undefined && (target !== false || wish.enabled === true);
    if (mustRetry) await signalDelivery(this.parts.temporal, id, retrySignal, []);
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
    const isKnown = (await directory.find(id)) !== undefined;
    if (isKnown) {
      await this.owned(project, id);
      await directory.remove(id);
    }
    // Its delivery finds that it is removed. An earlier try to remove it may have ended before this.
    const delivery = temporal.client.workflow.getHandle(deliveryWorkflowId(id));
    await rpc(temporal, rpcTimeoutMs.write, () => delivery.signal(retrySignal)).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    if (!isKnown) throw noSuchWebhook(id);
  }

  /** Sends a test event once, also if the webhook is switched off. */
  async test(project: string, id: string, signal: AbortSignal): Promise<SendResult> {
    const webhook = await this.owned(project, id);
    return this.parts.sender.test(webhook, signal);
  }

  /** Returns tries, the newest first. */
  async deliveries(
    project: string,
    id: string,
    { outcome, before, limit }: DeliveryWish,
  ): Promise<{ readonly entries: readonly DeliveryEntry[]; readonly isMore: boolean }> {
    await this.owned(project, id);
    const entries: DeliveryEntry[] = [];
    return refusing(async () => {
      for await (const file of this.parts.files.log(id, before, before - this.parts.keptMs)) {
        for (const entry of file) {
          if (outcome !== undefined && entry.outcome !== outcome) continue;
          // Those of one millisecond belong to one page: the next one begins before it.
          if (entries.length >= limit && entry.at !== entries.at(-1)?.at) return { entries, isMore: true };
          entries.push(entry);
        }
      }
      return { entries, isMore: false };
    });
  }

  /** Has one event sent again. Throws the refusals `event_not_found`, `webhook_disabled`, `redeliveries_full`. */
  async redeliverOne(project: string, id: string, eventId: string, now: number): Promise<void> {
    refuseDisabled(await this.owned(project, id));
    const found = await refusing(() => this.findEvent(id, eventId, now));
    if (!found)
      throw new Refusal('event_not_found', `No event '${eventId}' in the log of deliveries of '${id}'`);
    const { segment, index } = found;
    await this.refuseFull(id);
    await this.addJob(id, { kind: 'one', segment, index });
  }

  /** Has the events of a time sent again. Throws the refusals `webhook_disabled` and `redeliveries_full`. */
  async redeliver(project: string, id: string, job: Redelivery): Promise<void> {
    refuseDisabled(await this.owned(project, id));
    await this.refuseFull(id);
    await this.addJob(id, job);
  }

  /** Jobs that an activity has taken wait in the state while the receiver is down. */
  private async refuseFull(id: string): Promise<void> {
    const state = await refusing(() => this.parts.files.readState(id));
    if (!state || (state.ranges.length < maxRedeliveries && state.one.length < maxEvents)) return;
    throw new Refusal(
      'redeliveries_full',
      `Too many redeliveries of '${id}' wait already: try again when they are done`,
    );
  }

  private async findEvent(id: string, eventId: string, now: number): Promise<DeliveryEntry | undefined> {
    for await (const entries of this.parts.files.log(id, now, now - this.parts.keptMs)) {
      const found = entries.find((entry) => entry.eventId === eventId);
      if (found) return found;
    }
    return undefined;
  }

  private async owned(project: string, id: string): Promise<Webhook> {
    const webhook = await this.parts.directory.find(id);
    if (!webhook || projectOfWebhook(webhook) !== project) throw noSuchWebhook(id);
    return webhook;
  }

  private async known(webhook: Webhook): Promise<KnownWebhook> {
    return { webhook, deliveries: await refusing(() => this.parts.files.readState(webhook.id)) };
  }

  private async addJob(id: string, job: Redelivery): Promise<void> {
    const { temporal, updateLimit } = this.parts;
    const updateId = randomUUID();
    const workflowId = deliveryWorkflowId(id);
    await updateLimit.run(workflowId, () =>
      rpc(temporal, rpcTimeoutMs.write, () =>
        sendUpdate(() =>
          temporal.client.workflow.executeUpdateWithStart(addJobUpdate, {
            args: [{ ...job, id: updateId }],
            updateId,
            startWorkflowOperation: new WithStartWorkflowOperation(
              'webhookDelivery' satisfies typeof webhookDelivery.name,
              {
                workflowId,
                taskQueue: temporal.taskQueue,
                args: [{ id, jobs: [] }],
                workflowTaskTimeout,
                workflowIdConflictPolicy: 'USE_EXISTING',
                staticSummary: 'The deliveries of one webhook',
              },
            ),
          }),
        ),
      ),
    );
  }
}

function noSuchWebhook(id: string): Refusal {
  return new Refusal('webhook_not_found', `Webhook '${id}' not found: GET /api/vps/webhooks lists them`);
}

function refuseDisabled({ id, disabledAt }: Webhook): void {
  if (disabledAt !== undefined)
    throw new Refusal('webhook_disabled', `Webhook '${id}' is switched off: switch it on first`);
}
