/** The webhooks of the cluster, which a workflow holds (workflows/webhook-directory.ts). It runs once there was a webhook. */
import { randomUUID } from 'node:crypto';
import type { NewWebhook, WebhookChange, WebhookState } from '../../domain/webhook-book.ts';
import type { Webhook } from '../../domain/webhook.ts';
import { Refusal } from '../../domain/failures.ts';
import { webhookDirectoryId } from '../../domain/ids.ts';
import { CoalescedReads } from '../../lib/coalesced-reads.ts';
import {
  changeWebhookUpdate,
  createWebhookUpdate,
  readWebhooksQuery,
  removeWebhookUpdate,
  rotateWebhookUpdate,
} from '../../workflows/messages.ts';
import type { webhookDirectory } from '../../workflows/webhook-directory.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { ensureEntity, sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

/**
 * What the directory says. `none`: there never was one, so there are no webhooks. `ended`: somebody has ended it in Temporal, so
 * nobody knows the webhooks.
 */
export type Directory =
  { readonly state: 'running' | 'none'; readonly webhooks: readonly Webhook[] } | { readonly state: 'ended' };

/** The webhooks are unknown, and are back once somebody has brought the directory back. */
export function directoryEnded(): Refusal {
  return new Refusal(
    'temporal_unavailable',
    `Somebody has ended the workflow '${webhookDirectoryId}', which holds the webhooks, in Temporal: bring it back with \`temporal workflow reset --workflow-id ${webhookDirectoryId} --type LastWorkflowTask --reason ended\`, or delete that workflow in Temporal to begin without webhooks`,
    { retryAfterSeconds: 30 },
  );
}

/** Every method may throw the refusal `temporal_unavailable`. */
export class WebhookDirectory {
  private readonly temporal: Temporal;
  private readonly updateLimit: EntityUpdateLimit;
  private readonly most: number;
  private readonly reads = new CoalescedReads<Directory>();
  /** What was read last, with the run and the length of its history. */
  private copy: { readonly mark: string; readonly webhooks: readonly Webhook[] } = { mark: '', webhooks: [] };

  /** `most` is how many webhooks there may be. */
  constructor(temporal: Temporal, updateLimit: EntityUpdateLimit, most: number) {
    this.temporal = temporal;
    this.updateLimit = updateLimit;
    this.most = most;
  }

  /** What was read last, without asking anybody. */
  get known(): readonly Webhook[] {
    return this.copy.webhooks;
  }

  /** Returns all webhooks, the oldest first. Takes one RPC if nothing has changed. */
  async list(): Promise<readonly Webhook[]> {
    const read = await this.read();
    if (read.state === 'ended') throw directoryEnded();
    return read.webhooks;
  }

  /** The same, and whether a directory has said so. */
  read(): Promise<Directory> {
    return this.reads.read(webhookDirectoryId, () => this.readNow());
  }

  async find(id: string): Promise<Webhook | undefined> {
    return (await this.list()).find((webhook) => webhook.id === id);
  }

  /** Throws the refusal `webhooks_full`. */
  async create(webhook: NewWebhook): Promise<Webhook> {
    await this.list(); // One that has ended is not replaced by an empty one.
    const none: WebhookState = { webhooks: [] };
    await ensureEntity(
      this.temporal,
      'webhookDirectory' satisfies typeof webhookDirectory.name,
      webhookDirectoryId,
      [none],
    );
    return this.send((updateId) =>
      this.handle().executeUpdate(createWebhookUpdate, { args: [webhook, this.most], updateId }),
    );
  }

  /** Throws the refusals `webhook_not_found` and `webhooks_full`. */
  change(id: string, change: WebhookChange): Promise<Webhook> {
    return this.send((updateId) =>
      this.handle().executeUpdate(changeWebhookUpdate, { args: [id, change], updateId }),
    );
  }

  /** Adds a secret; the one before stays valid for `overlapMs`. Throws the refusal `webhook_not_found`. */
  rotate(id: string, sealed: string, overlapMs: number): Promise<Webhook> {
    return this.send((updateId) =>
      this.handle().executeUpdate(rotateWebhookUpdate, { args: [{ id, sealed, overlapMs }], updateId }),
    );
  }

  /** Throws the refusal `webhook_not_found`. */
  remove(id: string): Promise<Webhook> {
    return this.send((updateId) =>
      this.handle().executeUpdate(removeWebhookUpdate, { args: [id], updateId }),
    );
  }

  private async readNow(): Promise<Directory> {
    const directory = await describeWorkflow(this.temporal, webhookDirectoryId);
    if (!directory) return { state: 'none', webhooks: [] };
    if (directory.status.name !== 'RUNNING') return { state: 'ended' };
    const mark = `${directory.runId} ${directory.historyLength}`;
    if (this.copy.mark !== mark) {
      const { webhooks } = await rpc(this.temporal, rpcTimeoutMs.read, () =>
        this.handle().query(readWebhooksQuery),
      );
      this.copy = { mark, webhooks };
    }
    return { state: 'running', webhooks: this.copy.webhooks };
  }

  private async send(send: (updateId: string) => Promise<Webhook>): Promise<Webhook> {
    const updateId = randomUUID();
    try {
      return await this.updateLimit.run(webhookDirectoryId, () =>
        rpc(this.temporal, rpcTimeoutMs.write, () => sendUpdate(() => send(updateId))),
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.list(); // Throws if the directory has ended.
      throw new Refusal('webhook_not_found', 'There are no webhooks', { cause: error });
    }
  }

  private handle() {
    return this.temporal.client.workflow.getHandle(webhookDirectoryId);
  }
}
