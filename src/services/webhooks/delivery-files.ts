/**
 * What is kept of the deliveries of a webhook in the payload store, below `webhooks/<id>/`: how far they have come (`state`), a
 * log of all tries (`log/<hour>/...`), and what was parked (`parked/...`). None of it has content of calls.
 */
import { randomUUID } from 'node:crypto';
import pMap, { pMapIterable } from 'p-map';
import type { DeliveryState, EventRef, RedeliveryRange } from '../../domain/delivery-state.ts';
import type { DeliveryOutcome, Webhook } from '../../domain/webhook.ts';
import type { PayloadStore } from '../../payloads/payload-store.ts';
import type { EventName } from './event-body.ts';

/** One try of one event, or what became of it without one. */
export interface DeliveryEntry extends EventRef, EventName {
  /** Epoch ms. */
  readonly at: number;
  readonly outcome: DeliveryOutcome;
  readonly tries: number;
  readonly status?: number;
  readonly error?: string;
  readonly ms?: number;
}

/** A part of the log. */
export interface LogPart {
  /** The newest first. */
  readonly entries: readonly DeliveryEntry[];
  /** All that the log still has was done before this, epoch ms. */
  readonly reachedMs: number;
}

/** Parked events of one file, by its key. */
export interface ParkedFile {
  readonly key: string;
  readonly entries: readonly DeliveryEntry[];
}

const hourMs = 3_600_000;
/** A try is written at most so long after it, in ms. */
const lateMs = 600_000;
/** How many files are read, or folders are deleted, at the same time. */
const concurrency = 8;

/** Every method may throw `PayloadStoreError`. */
export class DeliveryFiles {
  private readonly store: PayloadStore;

  constructor(store: PayloadStore) {
    this.store = store;
  }

  /** A file of another shape counts as missing, like one that is damaged. */
  async readState(id: string): Promise<DeliveryState | undefined> {
    const state = parse(await this.store.read(`${folder(id)}state`)) as Partial<DeliveryState> | undefined;
    const hasLists = [state?.waiting, state?.one, state?.ranges, state?.gaps].every(Array.isArray);
    return hasLists && state?.place && state.parked ? (state as DeliveryState) : undefined;
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

  /** Appends to the log. Keeps what was parked a second time, for redeliveries. */
  async append(id: string, now: number, entries: readonly DeliveryEntry[]): Promise<void> {
    const name = `${digits(now)}-${randomUUID().slice(0, 8)}`;
    const bytes = (some: readonly DeliveryEntry[]): Buffer => Buffer.from(JSON.stringify(some));
    await this.store.write(`${hourFolder(id, now)}${name}`, bytes(entries));
    const parked = entries.filter(({ outcome }) => outcome === 'parked');
    if (parked.length > 0) await this.store.write(`${parkedFolder(id)}${name}`, bytes(parked));
  }

  /** Yields the log, the newest first, from `before` (epoch ms, exclusive) back to `since`: file by file, and hour by hour. */
  async *log(id: string, before: number, since: number): AsyncGenerator<LogPart> {
    // What was done is written up to minutes later, perhaps into the folder of the next hour.
    const newest = `${digits(before + lateMs)}~`;
    for (let hour = before + lateMs; hour > since - hourMs; hour -= hourMs) {
      const folder = hourFolder(id, hour);
      const keys = (await this.keys(folder)).filter((key) => key.slice(folder.length) < newest).reverse();
      for await (const all of pMapIterable(keys, (key) => this.store.read(key), { concurrency })) {
        const entries = entriesIn(all).filter(({ at }) => at < before && at >= since);
        if (entries.length > 0)
          yield { entries: entries.reverse(), reachedMs: Math.min(...entries.map(({ at }) => at)) };
      }
      yield { entries: [], reachedMs: Math.min(before, floorToHour(hour)) };
    }
  }

  /** Returns the key of the file with the events that were parked last. */
  async lastParked(id: string): Promise<string | undefined> {
    return (await this.keys(parkedFolder(id))).at(-1);
  }

  /** Returns the next file, up to the last one, with parked events that happened in the range. */
  async nextParked(
    id: string,
    { afterKey = '', lastKey, ...range }: RedeliveryRange & { readonly lastKey: string },
  ): Promise<ParkedFile | undefined> {
    const keys = (await this.keys(parkedFolder(id))).filter((key) => key > afterKey && key <= lastKey);
    for (const key of keys) {
      const entries = entriesIn(await this.store.read(key)).filter((entry) => isIn(range, entry));
      if (entries.length > 0) return { key, entries };
    }
    return undefined;
  }

  /** Removes the entries of the range from a file of parked events, because they are sent again. */
  async unpark(key: string, range: RedeliveryRange): Promise<void> {
    const all = entriesIn(await this.store.read(key));
    const left = all.filter((entry) => !isIn(range, entry));
    if (left.length === 0) await this.store.deleteAll(key);
    else if (left.length < all.length) await this.store.write(key, Buffer.from(JSON.stringify(left)));
  }

  /** Deletes the log from before `beforeMs` (epoch ms), and everything of webhooks that are not in `ids`. */
  async sweep(ids: ReadonlySet<string>, beforeMs: number): Promise<void> {
    const old = new Set<string>();
    for await (const { key, writtenAt } of this.store.list(root)) {
      const [id = '', part, hour] = key.slice(root.length).split('/');
      if (!ids.has(id)) {
        if (writtenAt.getTime() < beforeMs) old.add(folder(id));
      } else if (part === 'log') {
        // The whole folder of an hour, of which nothing is written later.
        if ((Number(hour) + 1) * hourMs + lateMs <= beforeMs) old.add(`${folder(id)}log/${hour}/`);
      } else if (part === 'parked' && writtenAt.getTime() < beforeMs) old.add(key);
    }
    await pMap(old, (one) => this.store.deleteAll(one), { concurrency });
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
const hourFolder = (id: string, ms: number): string => `${folder(id)}log/${digits(ms / hourMs)}/`;
const floorToHour = (ms: number): number => ms - (ms % hourMs);
const parkedFolder = (id: string): string => `${folder(id)}parked/`;

function isIn({ from, to }: RedeliveryRange, { happenedAt }: DeliveryEntry): boolean {
  return happenedAt >= from && happenedAt <= to;
}

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
