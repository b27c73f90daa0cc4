/**
 * Reads from Temporal which calls have ended, and appends each ending to the log, once (ADR 0040), as well as what else happens
 * (other-events.ts). One reader runs in the cluster. All that it needs is in the log, so another one can take over after any
 * loss, and this one begins anew after any failure of Temporal or of the payload store.
 */
import { pMapIterable } from 'p-map';
import type { Ending, FeedPosition } from '../../domain/ending.ts';
import type { delay } from '../../lib/delay.ts';
import { readsAtOnce, type EndedCalls } from './ended-calls.ts';
import type { EndingHints } from './ending-hints.ts';
import type { EndingLog, Segment } from './ending-log.ts';
import { changesIn, readLogEnd, seenAfter, type LogEnd } from './feed-state.ts';
import { HintBook } from './hint-book.ts';
import { OtherEvents, type OtherEventParts } from './other-events.ts';

/** Uses endings, in the process of the reader. What it throws makes the reader begin anew. */
export interface EndingConsumer {
  /** Begins, or begins anew: the newest segments may not be used yet, and the others are. */
  resume(end: LogEnd): Promise<void>;
  /** Uses a segment that was appended. The next one is appended only after that. */
  take(segment: Segment): Promise<void>;
  /** Call this before an ending is appended that replaces those of earlier runs, because somebody has reset the call. */
  replace?(earlier: readonly Ending[], by: Ending): Promise<void>;
  /** Nothing else has ended by `until` (epoch ms). Called now and then while no segment is appended. */
  pass?(until: number): Promise<void>;
}

export interface ReaderParts extends OtherEventParts {
  readonly calls: Pick<EndedCalls, 'count' | 'between' | 'unlisted' | 'earlierRuns'>;
  readonly log: EndingLog;
  readonly hints: EndingHints;
  readonly consumers: readonly EndingConsumer[];
  /**
   * Learns which webhooks there are, and returns whether it has. Called before each list, so that it knows those that were made
   * before its calls ended.
   */
  readonly refresh: () => Promise<boolean>;
  /** How long Temporal's lists may lag, in ms: what closed before that is listed. */
  readonly marginMs: number;
  /** Like lib/delay.ts. Tests pass time by it. */
  readonly delay: typeof delay;
}

/** Thrown if a later reader has begun: this one must stop. */
export class FencedOff extends Error {}

/** The pause between two lists while calls end, and while none do; and how often hints of other processes are looked for. */
const busyMs = 1_000;
const idleMs = 15_000;
const hintFilesMs = 5_000;
/** A reader that begins so soon after the last list of the one before is no interruption. */
const handOverMs = 30_000;
/** A list goes back so far before the list before it, because calls are not listed in the order of their ends. */
const overlapMs = 2_000;
/**
 * With more endings than this in the margin, lists go back only that far. What is older than the margin is then listed once more,
 * every `thoroughMs`, before it counts as complete.
 */
const fewEndings = 1_000;
const thoroughMs = 10_000;
/** After an outage, at most so many calls are listed at once. */
const maxListed = 10_000;
const minuteMs = 60_000;

/** What the reader knows of the log. */
interface Known {
  readonly fence: number;
  segment: number;
  /** Every call that closed by then is in the log, epoch ms. */
  until: number;
  /** The runs that closed after `until` and are in the log, or are no ends, with the time of their close. */
  readonly seen: Map<string, number>;
}

export class EndingReader {
  private readonly parts: ReaderParts;
  private readonly book: HintBook;
  private readonly others: OtherEvents;
  private position: FeedPosition;
  private thoroughAt = 0;
  private wake = new AbortController();

  constructor(parts: ReaderParts, position: FeedPosition) {
    this.parts = parts;
    const isHandOver = parts.now() - position.listedAt < handOverMs;
    this.position = isHandOver ? position : { ...position, steadySince: 0 };
    this.book = new HintBook(parts.hints);
    this.others = new OtherEvents(parts, position, position.listedAt || parts.now());
  }

  /** How far the reader has come. */
  get place(): FeedPosition {
    return { ...this.position, ...this.others.place };
  }

  /** Reads until `signal` aborts. `since` is where the first reader of the cluster begins, epoch ms. Throws `FencedOff`. */
  async run(signal: AbortSignal, since: number): Promise<void> {
    const detach = this.parts.hints.attach(() => this.wake.abort());
    try {
      let known: Known | undefined;
      for (let failures = 0; !signal.aborted;) {
        let failure: unknown;
        let isBusy = false;
        try {
          known ??= await this.begin(since);
          ({ isBusy, failure } = await this.round(known, signal));
        } catch (error) {
          if (error instanceof FencedOff) throw error;
          known = undefined; // It is unclear what the log has.
          failure = error;
        }
        if (failure === undefined) failures = 0;
        else {
          this.position = { ...this.position, steadySince: 0 };
          this.parts.onFailed(failure);
          failures += 1;
        }
        const retryMs = Math.min(idleMs, busyMs * 2 ** (failures - 1));
        await this.pause(failures > 0 ? retryMs : isBusy ? busyMs : idleMs, signal);
      }
    } finally {
      detach();
    }
  }

  /** Waits for the next round. After `busyMs`, a hint ends the wait. */
  private async pause(ms: number, signal: AbortSignal): Promise<void> {
    const { delay, hints } = this.parts;
    await delay(Math.min(ms, busyMs), signal);
    for (let waited = busyMs; waited < ms && !signal.aborted; waited += hintFilesMs) {
      this.wake = new AbortController();
      if (hints.hasOwn || (await this.book.readFiles().catch(() => true)) || (await this.others.look()))
        return;
      await delay(Math.min(hintFilesMs, ms - waited), AbortSignal.any([signal, this.wake.signal]));
    }
  }

  /** Reads the end of the log and claims its next number, from which an earlier reader learns that it must stop. */
  private async begin(since: number): Promise<Known> {
    const { log, consumers, now } = this.parts;
    const end = await readLogEnd(log, this.position.segment, now());
    const { newest, fence, until = since } = end;
    for (const consumer of consumers) await consumer.resume(end);
    this.others.resume(newest > this.position.segment ? end.segments : []);
    const seen = seenAfter(until, end.segments);
    const known: Known = { fence: fence + 1, segment: newest, until, seen };
    await this.append(known, now(), []);
    return known;
  }

  /**
   * Lists once, and appends what is new. Returns whether the next round should come soon. `failure` is the error of a list
   * that failed; the endings that it had returned before are appended.
   */
  private async round(known: Known, signal: AbortSignal): Promise<{ isBusy: boolean; failure: unknown }> {
    const { marginMs, now, refresh } = this.parts;
    const at = now();
    this.book.takeOwn();
    await this.book.readFiles();
    const endings: Ending[] = [];
    let to = at;
    let failure: unknown;
    try {
      await this.others.look((await refresh()) ? at : undefined);
      if (at - known.until > 2 * marginMs + idleMs) to = await this.upTo(known, at);
      const over = Math.min(to, at - marginMs);
      const goBack = to < at || known.seen.size <= fewEndings;
      const from = goBack ? known.until : Math.max(known.until, this.position.listedAt - overlapMs);
      await this.collect(known, { from, to, at, signal }, endings);
      const steadySince = this.position.steadySince || at;
      const isDue = at - steadySince >= marginMs && (goBack || at - this.thoroughAt >= thoroughMs);
      if (isDue && !goBack) await this.collect(known, { from: known.until, to: over, at, signal }, endings);
      if (!signal.aborted) {
        this.position = { ...this.position, listedAt: to, steadySince };
        if (isDue) known.until = Math.max(known.until, over);
        if (isDue) this.thoroughAt = at;
      }
    } catch (error) {
      failure = error ?? new Error('The list failed');
    }
    await this.keep(known, at, endings);
    const isBehind = to < at && at - this.position.steadySince >= marginMs;
    return { isBusy: endings.length > 0 || this.book.size > 0 || isBehind, failure };
  }

  /** Adds the endings of the calls that have closed after `from` and by `to` and are not in the log. */
  private async collect(
    { seen, until }: Known,
    { from, to, at, signal }: { from: number; to: number; at: number; signal: AbortSignal },
    endings: Ending[],
  ): Promise<void> {
    const { calls } = this.parts;
    for await (const { runId, endedAt, ending, batch } of calls.between(from, to, seen, this.book)) {
      seen.set(runId, endedAt);
      if (ending) endings.push(ending);
      if (batch) this.others.add(batch);
      if (signal.aborted) return;
    }
    const unlisted = this.book
      .takeOverdue(to, at)
      .filter(({ runId, endedAt }) => !seen.has(runId) && endedAt > until);
    const reads = pMapIterable(unlisted, (hint) => calls.unlisted(hint), { concurrency: readsAtOnce });
    for await (const ending of reads) {
      if (ending) {
        endings.push(ending);
        seen.set(ending.runId, ending.endedAt);
      }
      if (signal.aborted) return;
    }
  }

  /** Returns up to when the next list goes, so that it has not too many calls. */
  private async upTo({ until }: Known, at: number): Promise<number> {
    let to = at;
    while (to - until > busyMs && (await this.parts.calls.count(until, to)) > maxListed)
      to = until + Math.ceil((to - until) / 2);
    return to;
  }

  /**
   * Appends the endings. Without any, appends a segment if it completes a minute in which calls have ended, or all that is known.
   * Forgets what the log says to be complete.
   */
  private async keep(known: Known, at: number, endings: readonly Ending[]): Promise<void> {
    const { seen, until } = known;
    const thisMinute = until - (until % minuteMs);
    const times = [...seen.values()];
    const completes = times.length > 0 && times.every((endedAt) => endedAt <= until);
    const isNews = endings.length > 0 || this.others.isWaiting;
    if (isNews || completes || times.some((endedAt) => endedAt < thisMinute)) {
      const inOrder = endings.toSorted((one, other) => one.endedAt - other.endedAt);
      await this.append(known, at, inOrder);
      for (const [runId, endedAt] of seen) if (endedAt <= until) seen.delete(runId);
    } else {
      for (const consumer of this.parts.consumers) await consumer.pass?.(until);
    }
    await this.book.forget(until);
  }

  private async append(known: Known, at: number, endings: readonly Ending[]): Promise<void> {
    const { log, consumers, calls } = this.parts;
    for (const ending of endings) {
      if (ending.resetFrom === undefined) continue;
      const earlier = await calls.earlierRuns(ending);
      for (const consumer of consumers) await consumer.replace?.(earlier, ending);
    }
    const next = { number: known.segment + 1, fence: known.fence, at, until: known.until, endings };
    const segment: Segment = { ...next, ...this.others.inSegment };
    if (!(await log.append(segment))) {
      const first = await log.read(segment.number);
      if (first && first.fence > known.fence) throw new FencedOff('Another reader has taken over');
      throw new Error('An earlier reader has written to the log: its end is read again');
    }
    this.others.appended();
    for (const [key, time] of changesIn(segment)) known.seen.set(key, time);
    known.segment = segment.number;
    this.position = { ...this.position, segment: segment.number };
    for (const consumer of consumers) await consumer.take(segment);
  }
}
