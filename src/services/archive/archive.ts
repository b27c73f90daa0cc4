/**
 * The archive: histories of failed calls, kept beyond Temporal's retention. One gzipped file per call, in one folder for each
 * day on which calls ended. A file is one line of JSON, `{call_id, summary, history}`, which replay can read.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { PayloadStore } from '../../payloads/payload-store.ts';
import type { CallHistory } from './call-export.ts';
import type { CallFilter } from '../calls/call-filter.ts';
import { matches } from '../calls/call-matches.ts';
import type { CallSummary } from '../calls/call-summary.ts';
import { asRefusal } from '../../payloads/store-refusals.ts';

interface ArchivedCall {
  readonly call_id: string;
  readonly summary: CallSummary;
  readonly history: unknown;
}

/**
 * The form of a file name, `<day>/<call>[.<session>].json.gz`. Other files are ignored: they are incomplete writes or not part
 * of the archive.
 */
const fileName = /(?:^|\/)(\d{4}-\d\d-\d\d)\/([\w-]+)(?:\.([0-9a-f]{16}))?\.json\.gz$/;

/** Reads and writes archived calls. Methods throw `PayloadStoreError` unless they say otherwise. */
export class Archive {
  private readonly store: PayloadStore;
  private readonly prefix: string;
  private readonly onDamaged: (key: string) => void;

  /** `prefix` is empty or ends with a slash. `onDamaged` is called with the key of each file that cannot be parsed. */
  constructor(store: PayloadStore, prefix: string, onDamaged: (key: string) => void = () => undefined) {
    this.store = store;
    this.onDamaged = onDamaged;
    this.prefix = prefix;
  }

  /** Writes a call atomically; writing it again changes nothing. Returns its key. */
  async write(summary: CallSummary, history: string): Promise<string> {
    const { callId, sessionId, endedAt } = summary;
    const day = (endedAt ?? new Date()).toISOString().slice(0, 10);
    const session = sessionId === undefined ? '' : `.${sessionMarkOf(sessionId)}`;
    const line = `{"call_id":${JSON.stringify(callId)},"summary":${JSON.stringify(summary)},"history":${history}}\n`;
    const key = `${this.prefix}${day}/${fileIdOf(callId)}${session}.json.gz`;
    await this.store.write(key, await promisify(gzip)(line));
    return key;
  }

  remove(key: string): Promise<void> {
    return this.store.deleteAll(key);
  }

  /** Yields the archived calls that match, without damaged files. Throws the refusal `payload_store_unavailable`. */
  async *calls(filter: CallFilter): AsyncGenerator<CallHistory> {
    try {
      for await (const { key, day, session } of this.files()) {
        // A call ends after it started.
        if (filter.since && day < filter.since.toISOString().slice(0, 10)) continue;
        if (filter.session !== undefined && session !== sessionMarkOf(filter.session)) continue;
        const call = await this.read(key);
        if (!call || !matches(filter, call.summary)) continue;
        yield { ...call.summary, history: JSON.stringify(call.history) };
      }
    } catch (error) {
      throw asRefusal(error);
    }
  }

  /** Returns which of the calls are in the archive. */
  async among(callIds: readonly string[]): Promise<Set<string>> {
    const asked = new Map(callIds.map((id) => [fileIdOf(id), id]));
    const found = new Set<string>();
    for await (const { call } of this.files()) {
      const id = asked.get(call);
      if (id !== undefined) found.add(id);
    }
    return found;
  }

  /**
   * Deletes the session's calls, because they contain its prompts. Calls that ended after `endedBy` stay. Throws the refusal
   * `payload_store_unavailable`.
   */
  async removeSession(sessionId: string, endedBy?: Date): Promise<void> {
    try {
      for await (const { key, session } of this.files()) {
        if (session !== sessionMarkOf(sessionId)) continue;
        const endedAt = endedBy && (await this.read(key))?.summary.endedAt;
        if (!endedBy || !endedAt || new Date(endedAt) <= endedBy) await this.remove(key);
      }
    } catch (error) {
      throw asRefusal(error);
    }
  }

  /**
   * Returns the watermark: the archive has all calls that failed before this time (epoch ms, by Temporal's clock). 0 at first.
   */
  async watermark(): Promise<number> {
    return Math.max(0, ...(await this.watermarks()));
  }

  /** Moves the watermark forward. If another facade has moved it further, it stays there. */
  async advance(toMs: number): Promise<void> {
    await this.store.write(this.watermarkKey(toMs), Buffer.from(new Date(toMs).toISOString()));
    for (const before of await this.watermarks())
      if (before < toMs) await this.store.deleteAll(this.watermarkKey(before));
  }

  private async watermarks(): Promise<number[]> {
    const found: number[] = [];
    for await (const { key } of this.store.list(`${this.prefix}watermark/`)) {
      const [, ms] = /watermark\/(\d+)$/.exec(key) ?? [];
      if (ms !== undefined) found.push(Number(ms));
    }
    return found;
  }

  private watermarkKey(ms: number): string {
    return `${this.prefix}watermark/${ms}`;
  }

  private async *files(): AsyncGenerator<{ key: string; day: string; call: string; session?: string }> {
    for await (const { key } of this.store.list(this.prefix)) {
      const [, day, call, session] = fileName.exec(key) ?? [];
      if (day !== undefined && call !== undefined)
        yield { key, day, call, ...(session !== undefined && { session }) };
    }
  }

  private async read(key: string): Promise<ArchivedCall | undefined> {
    const bytes = await this.store.read(key);
    if (!bytes) return undefined; // Removed since it was listed.
    try {
      const { summary, ...call } = JSON.parse((await promisify(gunzip)(bytes)).toString()) as ArchivedCall;
      return { ...call, summary: { ...summary, startedAt: new Date(summary.startedAt) } };
    } catch {
      this.onDamaged(key);
      return undefined;
    }
  }
}

/** Returns the call's part of its file name. Holdfast's own ids are safe in file names; other ids are hashed. */
function fileIdOf(callId: string): string {
  return /^[\w-]{1,128}$/.test(callId) ? callId : hash(callId);
}

/** Returns what the names of archived files contain of the session id: a hash, because an id may have any characters. */
function sessionMarkOf(sessionId: string): string {
  return hash(sessionId);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
