/**
 * Reads what lists show and search of the content of calls: their prompts and metadata, from the first event of each history.
 * Neither Temporal's lists nor the index have them.
 */
import { LRUCache } from 'lru-cache';
import { runKey } from '../../domain/cache-keys.ts';
import { Refusal } from '../../domain/failures.ts';
import { jsonBytes, sizeAsJson } from '../../domain/json-bytes.ts';
import type { Metadata } from '../../domain/message.ts';
import { promptOf } from '../../domain/turn-text.ts';
import { Semaphore } from '../../lib/semaphore.ts';
import { refusing } from '../../payloads/store-refusals.ts';
import { unlessLost, type TextStore } from '../../payloads/text-store.ts';
import type { CallRecords } from '../calls/call-records.ts';
import { asksForContent, type CallSearch } from './call-search.ts';

interface CallText {
  /** Null if it is lost. */
  readonly prompt: string | null;
  readonly metadata: Metadata | undefined;
}

interface RunOfCall {
  readonly callId: string;
  readonly runId: string;
}

/** How many characters of a prompt a list shows. */
const previewLength = 200;
/** How many histories this process reads at once. */
const maxReads = 32;
/** What an entry takes in memory beside its texts, in bytes: an estimate. */
const entryBytes = 400;
/** The largest part of the cache for one prompt. */
const largestShare = 1 / 16;

/** Methods throw the refusals `temporal_unavailable` and `payload_store_unavailable`. */
export class CallTexts {
  private readonly records: Pick<CallRecords, 'startInput'>;
  private readonly texts: TextStore;
  private readonly known: LRUCache<string, CallText> | undefined;
  /** Of all requests together: the calls themselves need Temporal, too. */
  private readonly reads = new Semaphore({ current: maxReads });

  /** `maxBytes` is the size of the cache. With 0 every look reads the history. */
  constructor(records: Pick<CallRecords, 'startInput'>, texts: TextStore, maxBytes: number) {
    this.records = records;
    this.texts = texts;
    if (maxBytes > 0)
      this.known = new LRUCache({
        maxSize: maxBytes,
        maxEntrySize: Math.ceil(maxBytes * largestShare),
        sizeCalculation: bytesOf,
      });
  }

  /** Returns the beginning of the prompt in one line. Null if it is lost, and undefined if the call was deleted. */
  async preview(run: RunOfCall): Promise<string | null | undefined> {
    const text = await this.read(run);
    return text && (text.prompt === null ? null : beginningOf(text.prompt));
  }

  /** Whether the call's content is what the search asks for. */
  async matches(search: CallSearch, run: RunOfCall): Promise<boolean> {
    if (!asksForContent(search)) return true;
    const text = await this.read(run);
    if (!text) return false;
    const { metadata = {}, promptContains } = search;
    const { prompt, metadata: own = {} } = text;
    const has = ([name, wanted]: [string, string]): boolean =>
      Object.hasOwn(own, name) && textOf(own[name]) === wanted;
    return (
      Object.entries(metadata).every(has) &&
      (promptContains === undefined ||
        (prompt?.toLowerCase().includes(promptContains.toLowerCase()) ?? false))
    );
  }

  /** Drops what is in memory of a call that was deleted. */
  forget(run: RunOfCall): void {
    this.known?.delete(runKey(run));
  }

  private async read(run: RunOfCall): Promise<CallText | undefined> {
    return this.known?.get(runKey(run)) ?? (await this.reads.run(() => this.load(run)));
  }

  private async load(run: RunOfCall): Promise<CallText | undefined> {
    try {
      const input = await this.records.startInput(run.callId, run.runId);
      const prompt = await refusing(() => unlessLost(() => this.texts.load(promptOf(input))));
      const text = { prompt: prompt ?? null, metadata: input.metadata };
      this.known?.set(runKey(run), text);
      return text;
    } catch (error) {
      if (error instanceof Refusal && error.type === 'call_not_found') return undefined;
      throw error;
    }
  }
}

/** Returns the first 200 characters of a text in one line. */
function beginningOf(text: string): string {
  const line = text
    .slice(0, 10 * previewLength)
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= previewLength) return line;
  return `${line.slice(0, previewLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Texts, numbers and booleans as people write them; undefined for all else. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function bytesOf({ prompt, metadata }: CallText): number {
  return entryBytes + 2 * jsonBytes(prompt ?? '') + 2 * sizeAsJson(metadata ?? {});
}
