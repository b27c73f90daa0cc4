/**
 * What is kept of the deliveries of a webhook in the payload store, below `webhooks/<id>/`: how far they have come (`state`), a
 * log of all tries (`log/<hour>/...`), and what was parked (`parked/...`). None of it has content of calls.
 */
import { randomUUID } from 'node:crypto';
import type { DeliveryState, EventRef } from '../../domain/delivery-book.ts';
import type { Webhook, WebhookEventType } from '../../domain/webhook.ts';
import type { PayloadStore } from '../../payloads/payload-store.ts';

/** One try of one event, or what became of it without one. */
export interface DeliveryEntry extends EventRef {
  readonly eventId: string;
  readonly type: WebhookEventType;
  /** What it is about, i.e. the id of the call or batch, or the agent's name. */
  readonly about: string;
  /** When the event happened, epoch ms. */
  readonly happenedAt: number;
  /** Epoch ms. */
  readonly at: number;
  readonly outcome: 'delivered' | 'failed' | 'parked' | 'dropped';
  readonly tries: number;
  readonly status?: number;
  readonly error?: string;
  readonly ms?: number;
}

/** Parked events of one file, by its key. */
export interface ParkedFile {
  readonly key: string;
  readonly entries: readonly DeliveryEntry[];
}

const hourMs = 3_600_000;
/** A try is written at most so long after it, in ms. */
const lateMs = 600_000;

/** Every method may throw `PayloadStoreError`. */
export class DeliveryFiles {
  private readonly store: PayloadStore;

  constructor(store: PayloadStore) {
    this.store = store;
  }

  async readState(id: string): Promise<DeliveryState | undefined> {
    return parse(await this.store.read(`${folder(id)}state`)) as DeliveryState | undefined;
  }

  async writeState(id: string, state: DeliveryState): Promise<void> {
    await this.store.write(`${folder(id)}state`, Buffer.from(JSON.stringify(state)));
  }

  /** Returns the webhooks that were written last, without their secrets. */
  async readKnown(): Promise<Webhook[]> {
    return (parse(await this.store.read(known)) as Webhook[] | undefined) ?? [];
  }

  async writeKnown(webhooks: readonly Webhook[]): Promise<void> {
    const bare = webhooks.map((webhook) => ({ ...webhook, url: '', secrets: [] }));
    await this.store.write(known, Buffer.from(JSON.stringify(bare)));
  }

  /** Appends to the log. Keeps what was parked a second time, for lists and redeliveries. */
  async append(id: string, now: number, entries: readonly DeliveryEntry[]): Promise<void> {
    const name = `${digits(now)}-${randomUUID().slice(0, 8)}`;
    const bytes = (some: readonly DeliveryEntry[]): Buffer => Buffer.from(JSON.stringify(some));
    await this.store.write(`${hourFolder(id, now)}${name}`, bytes(entries));
    const parked = entries.filter(({ outcome }) => outcome === 'parked');
    if (parked.length > 0) await this.store.write(`${folder(id)}parked/${name}`, bytes(parked));
  }

  /** Yields the files of the log, the newest first, from `before` (epoch ms, exclusive) back to `since`. */
  async *log(id: string, before: number, since: number): AsyncGenerator<readonly DeliveryEntry[]> {
    // What was done is written up to minutes later, perhaps into the folder of the next hour.
    for (let hour = before + lateMs; hour > since - hourMs; hour -= hourMs) {
      const keys = await this.keys(hourFolder(id, hour));
      for (const key of keys.reverse()) {
        const entries = entriesIn(await this.store.read(key));
        yield entries.filter(({ at }) => at < before && at >= since).reverse();
      }
    }
  }

  /** Yields the files of parked events that happened from `from` up to `to`, the oldest first. */
  async *parked(id: string, from: number, to: number): AsyncGenerator<ParkedFile> {
    for (const key of await this.keys(`${folder(id)}parked/`)) {
      const all = entriesIn(await this.store.read(key));
      const entries = all.filter(({ happenedAt }) => happenedAt >= from && happenedAt <= to);
      if (entries.length > 0) yield { key, entries };
    }
  }

  /** Removes entries from a file of parked events, because they are sent again. */
  async unpark({ key, entries }: ParkedFile): Promise<void> {
    const all = entriesIn(await this.store.read(key));
    const gone = new Set(entries.map(({ eventId }) => eventId));
    const left = all.filter(({ eventId }) => !gone.has(eventId));
    if (left.length === 0) await this.store.deleteAll(key);
    else await this.store.write(key, Buffer.from(JSON.stringify(left)));
  }

  /** Deletes the log from before `beforeMs` (epoch ms), and everything of webhooks that are not in `ids`. */
  async sweep(ids: ReadonlySet<string>, beforeMs: number): Promise<void> {
    const old = new Set<string>();
    const unknown = new Set<string>();
    for await (const { key, writtenAt } of this.store.list(root)) {
      const [id = '', part] = key.slice(root.length).split('/');
      if (writtenAt.getTime() >= beforeMs) continue;
      if (!ids.has(id)) unknown.add(folder(id));
      else if (part !== 'state') old.add(key);
    }
    for (const one of [...unknown, ...old]) await this.store.deleteAll(one);
  }

  async drop(id: string): Promise<void> {
    await this.store.deleteAll(folder(id));
  }

  /** Returns the keys of a folder, in their order. */
  private async keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.store.list(prefix)) keys.push(key);
    return keys.sort();
  }
}

const root = 'webhooks/';
/** Beside the folders of the webhooks, which a sweep looks into. */
const known = 'webhook-list';
const folder = (id: string): string => `${root}${id}/`;
const digits = (ms: number): string => String(Math.floor(ms)).padStart(15, '0');
const hourFolder = (id: string, ms: number): string => `${folder(id)}log/${digits(Math.floor(ms / hourMs))}/`;

const entriesIn = (bytes: Buffer | undefined): DeliveryEntry[] =>
  (parse(bytes) as DeliveryEntry[] | undefined) ?? [];

/** A damaged file counts as missing: events may then be sent again. */
function parse(bytes: Buffer | undefined): unknown {
  try {
    return bytes && JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
