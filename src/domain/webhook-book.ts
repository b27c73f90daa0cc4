/** The state of the directory of webhooks (workflows/webhook-directory.ts). */
import type { OtherRefusalType } from './failures.ts';
import { sizeAsJson } from './json-bytes.ts';
import type { DisabledBecause, HttpFormat, Webhook, WebhookFilter } from './webhook.ts';

/** The most bytes of all webhooks together. It keeps the state well below Temporal's limit of 2 MiB for a payload. */
const maxBytes = 1024 * 1024;

export interface WebhookState {
  /** In the order in which they were created. */
  readonly webhooks: readonly Webhook[];
}

/** A webhook before the directory has it, which sets the time. */
export type NewWebhook = Omit<Webhook, 'createdAt' | 'disabledAt' | 'disabledBecause'>;

/** Members that are absent stay as they are, and null takes one away. */
export type FilterChange = {
  readonly [Name in keyof WebhookFilter]?: NonNullable<WebhookFilter[Name]> | null;
};

/** What may be changed of a webhook. Absent members stay as they are. */
export type WebhookChange = Partial<
  Pick<Webhook, 'name' | 'url' | 'shownUrl' | 'events'> & {
    readonly filter: FilterChange;
    readonly ordered: boolean;
    readonly withContent: boolean;
    readonly format: HttpFormat;
    /** Switches the webhook on, or off for this reason. */
    readonly enabled: true | DisabledBecause;
    /** The sealed URL that the webhook must still have: with another one nothing is changed. */
    readonly ifUrl: string;
  }
>;

export interface RefusedWebhook {
  readonly type: OtherRefusalType;
  readonly detail: string;
}

export class WebhookBook {
  private readonly webhooks: Map<string, Webhook>;

  constructor({ webhooks }: WebhookState) {
    this.webhooks = new Map(webhooks.map((webhook) => [webhook.id, webhook]));
  }

  state(): WebhookState {
    return { webhooks: [...this.webhooks.values()] };
  }

  refusalOfCreation(webhook: NewWebhook, most: number): RefusedWebhook | undefined {
    if (this.webhooks.size >= most)
      return full(`There are ${most} webhooks, the most there can be (HOLDFAST_MAX_WEBHOOKS): remove one`);
    return sizeAsJson(this.state()) + sizeAsJson(webhook) > maxBytes ? tooLarge : undefined;
  }

  /** Switching on or off and a new secret are never refused for the size. */
  refusalOfChange(id: string, change: WebhookChange = {}): RefusedWebhook | undefined {
    const webhook = this.webhooks.get(id);
    if (!webhook) return noSuchWebhook(id);
    const { ifUrl, ...given } = change;
    if (ifUrl !== undefined) return undefined; // It is switched off because its receiver has gone.
    const growth = sizeAsJson(changed(webhook, { ...given, enabled: true }, 0)) - sizeAsJson(webhook);
    return growth > 0 && sizeAsJson(this.state()) + growth > maxBytes ? tooLarge : undefined;
  }

  create(webhook: NewWebhook, now: number): Webhook {
    return this.put({ ...webhook, createdAt: now });
  }

  change(id: string, { ifUrl, ...change }: WebhookChange, now: number): Webhook {
    const webhook = this.get(id);
    return ifUrl === undefined || ifUrl === webhook.url ? this.put(changed(webhook, change, now)) : webhook;
  }

  /**
   * Adds a secret. The ones before stay valid until `earlierUntil` at the latest; there are at most three, because a request
   * may be repeated whose answer, with the secret, was lost.
   */
  rotate(id: string, sealed: string, earlierUntil: number, now: number): Webhook {
    const webhook = this.get(id);
    const earlier = webhook.secrets
      .map((secret) => ({ ...secret, until: Math.min(secret.until ?? Infinity, earlierUntil) }))
      .filter(({ until }) => until > now)
      .slice(-2);
    return this.put({ ...webhook, secrets: [...earlier, { sealed }] });
  }

  remove(id: string): Webhook {
    const webhook = this.get(id);
    this.webhooks.delete(id);
    return webhook;
  }

  private put(webhook: Webhook): Webhook {
    this.webhooks.set(webhook.id, webhook);
    return webhook;
  }

  /** Only for webhooks that a refusal has checked. */
  private get(id: string): Webhook {
    return this.webhooks.get(id) as Webhook;
  }
}

function changed(
  {
    disabledAt,
    disabledBecause,
    ordered: was,
    withContent: had,
    format: past,
    filter: before,
    ...kept
  }: Webhook,
  { enabled, ordered, withContent, format, filter, ...change }: Omit<WebhookChange, 'ifUrl'>,
  now: number,
): Webhook {
  const off =
    enabled === undefined
      ? { ...(disabledAt !== undefined && { disabledAt }), ...(disabledBecause && { disabledBecause }) }
      : enabled !== true && { disabledAt: now, disabledBecause: enabled };
  return {
    ...kept,
    ...change,
    filter: withoutNulls({ ...before, ...filter }),
    ...((ordered ?? was) && { ordered: true as const }),
    ...((withContent ?? had) && { withContent: true as const }),
    ...((format ?? past) === 'slack' && { format: 'slack' as const }),
    ...off,
  };
}

function withoutNulls(filter: FilterChange): WebhookFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== null));
}

export const noSuchWebhook = (id: string): RefusedWebhook => ({
  type: 'webhook_not_found',
  detail: `Webhook '${id}' not found: the list of webhooks has their ids`,
});

const full = (detail: string): RefusedWebhook => ({ type: 'webhooks_full', detail });
const tooLarge = full('The webhooks are too large together: remove one, or use shorter filters');
