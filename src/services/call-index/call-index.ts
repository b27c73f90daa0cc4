/**
 * Keeps the index of endings of this process. It is built from the log of endings when it is first needed, the newest segment
 * first; follows the log while it is used, and is dropped when it was not used for a while. It needs nothing durable of its
 * own: what it has is in the log, and what it lacks it says.
 */
import pMap from 'p-map';
import { delay } from '../../lib/delay.ts';
import { refusing } from '../../payloads/store-refusals.ts';
import type { EndingLog, Segment } from '../endings/ending-log.ts';
import { EndingIndex } from './ending-index.ts';

interface CallIndexParts {
  readonly log: Pick<EndingLog, 'newest' | 'read' | 'laterThan'>;
  /** How many endings the index has at most. */
  readonly maxCalls: number;
  /** How long Temporal keeps ended calls, in ms. Undefined if that is not known. */
  readonly retentionMs: number | undefined;
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
  /** For how long it is kept without a request, in ms. */
  readonly idleMs?: number;
}

/** The index, and what it covers. Times are epoch ms. */
export interface IndexInUse {
  readonly endings: EndingIndex;
  /** All calls that ended since then are in it, up to `listedAt`. Undefined if none is. */
  readonly since: number | undefined;
  /** When the calls of its newest segment were listed. Calls that ended later may be missing. */
  readonly listedAt: number;
  /** Whether it has all that the log has. */
  readonly isBuilt: boolean;
  /** Calls that ended before may be deleted, because Temporal keeps them no longer. */
  readonly keptSince: number;
}

interface State {
  readonly endings: EndingIndex;
  /** The number of the segment that is read next. */
  next: number;
  since: number | undefined;
  listedAt: number;
  isBuilt: boolean;
  building: Promise<void>;
  /** When the end of the log was last looked at, by a monotonic clock. */
  lookedAt: number;
  looking: Promise<void> | undefined;
  /** Whether a segment before the newest ones is damaged or lost, so that older ones do not make the index complete. */
  isBroken: boolean;
  /** When it was last looked for segments behind one that is missing, by a monotonic clock. */
  lostAskedAt: number;
}

/** How long a request waits for the index; it then answers from what there is. */
const defaultWaitMs = 5_000;
const patientWaitMs = 30_000;
const defaultIdleMs = 300_000;
/** How many segments are read at once. */
const readsAtOnce = 16;
/** The log is looked at for new segments so often at most, in ms. */
const lookEveryMs = 500;
/** How much later than the list of a segment its calls may have ended, by the clock of another server, in ms. */
const skewMs = 5_000;

/** A segment that does not come for so long is lost if there are later ones; it is asked so often at most. In ms. */
const lostAfterMs = 60_000;

export class CallIndex {
  private readonly parts: CallIndexParts;
  private state: State | undefined;
  private idle: NodeJS.Timeout | undefined;

  constructor(parts: CallIndexParts) {
    this.parts = parts;
  }

  /** Whether the index is in memory. */
  get isKept(): boolean {
    return this.state !== undefined;
  }

  /**
   * Returns the index with what the log has now. `patiently`: waits longer until it is built, for answers that need its oldest
   * calls. Throws the refusal `payload_store_unavailable`.
   */
  async use(patiently = false): Promise<IndexInUse> {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => (this.state = undefined), this.parts.idleMs ?? defaultIdleMs).unref();
    return refusing(async () => {
      const state = (this.state ??= this.begin());
      if (!state.isBuilt) await this.wait(state, patiently ? patientWaitMs : defaultWaitMs);
      await this.look(state);
      return this.inUse(state);
    });
  }

  private async wait({ building }: State, waitMs: number): Promise<void> {
    const done = new AbortController();
    const longEnough = delay(waitMs, done.signal);
    await Promise.race([building, longEnough]).finally(() => done.abort());
  }

  private begin(): State {
    const state: State = {
      endings: new EndingIndex(this.parts.maxCalls),
      next: 0,
      since: undefined,
      listedAt: 0,
      isBuilt: false,
      building: Promise.resolve(),
      lookedAt: -Infinity,
      looking: undefined,
      isBroken: false,
      lostAskedAt: performance.now(),
    };
    state.building = this.build(state).catch((error: unknown) => {
      if (this.state === state) this.state = undefined; // The next request begins anew.
      throw error;
    });
    state.building.catch(() => undefined);
    return state;
  }

  /** Reads the log backwards, until the index is full or the log is over. */
  private async build(state: State): Promise<void> {
    const { log } = this.parts;
    const newest = await log.newest(0);
    state.next = newest + 1;
    let number = newest;
    while (number > 0 && state.endings.droppedUntil === 0 && this.state === state) {
      const numbers = Array.from({ length: Math.min(readsAtOnce, number) }, (_none, index) => number - index);
      const segments = await pMap(numbers, (one) => log.read(one), { concurrency: readsAtOnce });
      const swept = segments.indexOf(undefined);
      for (const segment of swept < 0 ? segments : segments.slice(0, swept)) this.addOlder(state, segment);
      if (swept >= 0) break;
      number -= segments.length;
    }
    state.isBuilt = true;
  }

  private addOlder(state: State, segment: Segment | undefined): void {
    if (!segment || isDamaged(segment)) {
      state.isBroken = true;
      return;
    }
    state.endings.add(segment.endings);
    state.listedAt = Math.max(state.listedAt, segment.at);
    if (state.isBroken) return;
    state.since = sinceOf(segment);
  }

  private async look(state: State): Promise<void> {
    if (state.next === 0 || performance.now() - state.lookedAt < lookEveryMs) return;
    state.looking ??= this.follow(state).finally(() => {
      state.looking = undefined;
      state.lookedAt = performance.now();
    });
    await state.looking;
  }

  private async follow(state: State): Promise<void> {
    for (;;) {
      const segment = await this.parts.log.read(state.next);
      const later = segment ? state.next + 1 : await this.behindLost(state);
      if (later === undefined) return;
      state.next = later;
      if (segment && !isDamaged(segment)) this.addNewer(state, segment);
      else Object.assign(state, { isBroken: true, since: undefined } satisfies Partial<State>);
    }
  }

  private addNewer(state: State, segment: Segment): void {
    state.endings.add(segment.endings);
    state.listedAt = Math.max(state.listedAt, segment.at);
    state.since ??= sinceOf(segment);
  }

  /** Returns the number of the segment that the log goes on with, if the next one is lost. */
  private async behindLost(state: State): Promise<number | undefined> {
    if (performance.now() - state.lostAskedAt < lostAfterMs) return undefined;
    state.lostAskedAt = performance.now();
    return this.parts.log.laterThan(state.next, this.parts.now() - lostAfterMs);
  }

  private inUse({ endings, since, listedAt, isBuilt }: State): IndexInUse {
    const { retentionMs, now } = this.parts;
    const whole = since !== undefined && Math.max(since, endings.droppedUntil + 1);
    return {
      endings,
      since: whole === false ? undefined : whole,
      listedAt,
      isBuilt,
      keptSince: retentionMs === undefined ? 0 : now() - retentionMs,
    };
  }
}

const isDamaged = (segment: Segment): boolean => segment.until === 0;

/**
 * Returns since when all calls are in the log, if it began with this segment: earlier segments may have calls that ended a little
 * later than they were listed, unless there are none.
 */
function sinceOf({ number, until, at }: Segment): number {
  return number === 1 ? until : at + skewMs;
}
