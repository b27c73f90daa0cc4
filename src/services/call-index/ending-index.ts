/**
 * The newest endings in memory, one of each call, in the orders in which lists are sorted. What Temporal's list filter cannot
 * say is answered from it: which agents were asked, whether a rerun was answered, and sorts.
 */
import type { EndedAttempt, Ending } from '../../domain/ending.ts';
import { isUnasked, type ErrorType } from '../../domain/failures.ts';
import type { CallStatus } from '../calls/call-ending.ts';

/** What the index knows of a call, without content. Times are epoch ms. */
export interface IndexedCall {
  readonly callId: string;
  readonly runId: string;
  /** The agent that the caller named. */
  readonly agent: string;
  /** Absent if no agent answered. */
  readonly answeredBy: string | undefined;
  readonly status: CallStatus;
  readonly errorType: ErrorType | undefined;
  readonly startedAt: number;
  /** Absent while the call runs. */
  readonly endedAt: number | undefined;
  /** The agents that were asked, in order. */
  readonly asked: readonly string[];
  readonly rerunOf: string | undefined;
}

export const sorts = ['started', 'ended', 'duration'] as const;
export type Sort = (typeof sorts)[number];
export type Order = 'asc' | 'desc';

/** A place in a sorted list: that of a call. */
export interface Place {
  readonly key: number;
  readonly runId: string;
}

interface Sorted {
  readonly calls: IndexedCall[];
  /** Whether calls were removed since. */
  isStale: boolean;
  /** Calls that were added since. */
  added: IndexedCall[];
}

/** If more calls than this were added, the whole order is sorted. */
const mostLookedUp = 1_000;
/** Reruns of reruns are followed so deep, which is deeper than any family: a guard against circles. */
const maxDepth = 1_000;

export class EndingIndex {
  private readonly maxCalls: number;
  private readonly calls = new Map<string, IndexedCall>();
  private readonly reruns = new Map<string, string[]>();
  private readonly sorted = new Map<Sort, Sorted>();
  /** One copy of each name and of each list of names: there are few agents and many calls. */
  private readonly names = new Map<string, string>();
  private readonly lists = new Map<string, readonly string[]>();
  private evictedUntil = 0;

  constructor(maxCalls: number) {
    this.maxCalls = maxCalls;
  }

  get size(): number {
    return this.calls.size;
  }

  /** Calls that ended by then (epoch ms) may have had to make room. 0 if none had. */
  get droppedUntil(): number {
    return this.evictedUntil;
  }

  /** Returns the call if the index has this run of it. */
  get(callId: string, runId: string): IndexedCall | undefined {
    const known = this.calls.get(callId);
    return known?.runId === runId ? known : undefined;
  }

  /** Adds endings, in any order. Of several runs of one call the last one to end stays. */
  add(endings: readonly Ending[]): void {
    for (const ending of endings) this.addOne(ending);
    if (this.calls.size > this.maxCalls) this.evict();
  }

  /** Removes a call that was deleted. Does nothing if the index has another run of it. */
  remove({ callId, runId }: Pick<IndexedCall, 'callId' | 'runId'>): void {
    if (!this.get(callId, runId)) return;
    this.calls.delete(callId);
    for (const one of this.sorted.values()) one.isStale = true;
  }

  /** All calls, in no order. */
  all(): IterableIterator<IndexedCall> {
    return this.calls.values();
  }

  /** Yields the calls in this order, from the place on, without the call that is there. */
  *walk(sort: Sort, order: Order, after?: Place): Generator<IndexedCall> {
    const calls = [...this.inOrder(sort)]; // Calls may be added while it is read.
    const step = order === 'asc' ? 1 : -1;
    let at = order === 'asc' ? 0 : calls.length - 1;
    if (after) at = order === 'asc' ? firstAfter(calls, sort, after) : lastBefore(calls, sort, after);
    for (let call; (call = calls[at]); at += step) yield call;
  }

  /** Whether a rerun of the call, or a rerun of that, was answered. */
  isResolved(callId: string): boolean {
    const seen = new Set([callId]);
    for (const one of seen) {
      for (const rerun of this.reruns.get(one) ?? []) {
        if (this.calls.get(rerun)?.status === 'completed') return true;
        seen.add(rerun);
      }
      if (seen.size > maxDepth) return false;
    }
    return false;
  }

  private addOne(ending: Ending): void {
    const before = this.calls.get(ending.callId);
    if (before && (before.runId === ending.runId || (before.endedAt ?? 0) > ending.endedAt)) return;
    const call = this.toIndexed(ending);
    this.calls.set(call.callId, call);
    if (call.rerunOf !== undefined && !before)
      this.reruns.set(call.rerunOf, [...(this.reruns.get(call.rerunOf) ?? []), call.callId]);
    for (const one of this.sorted.values()) {
      one.added.push(call);
      if (before) one.isStale = true;
    }
  }

  private toIndexed(ending: Ending): IndexedCall {
    const { callId, runId, agent, answeredBy, outcome, errorType, startedAt, endedAt, attempts, rerunOf } =
      ending;
    return {
      callId,
      runId,
      agent: this.name(agent),
      answeredBy: answeredBy === undefined ? undefined : this.name(answeredBy),
      status: outcome,
      errorType,
      startedAt,
      endedAt,
      asked: this.list(attempts.filter(wasAsked).map((one) => one.agent)),
      rerunOf,
    };
  }

  private name(text: string): string {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    this.names.set(text, text);
    return text;
  }

  private list(names: readonly string[]): readonly string[] {
    const key = JSON.stringify(names);
    const known = this.lists.get(key);
    if (known) return known;
    const list = names.map((one) => this.name(one));
    this.lists.set(key, list);
    return list;
  }

  /** Drops the calls that ended first, and a few more, so that it is not done for each call that is added. */
  private evict(): void {
    const oldest = this.inOrder('ended').slice(0, this.calls.size - Math.floor(this.maxCalls * 0.98));
    for (const { callId, endedAt = 0, rerunOf } of oldest) {
      this.calls.delete(callId);
      this.evictedUntil = Math.max(this.evictedUntil, endedAt);
      if (rerunOf !== undefined) this.forgetRerun(rerunOf, callId);
    }
    for (const one of this.sorted.values()) one.isStale = true;
  }

  private forgetRerun(rerunOf: string, callId: string): void {
    const left = (this.reruns.get(rerunOf) ?? []).filter((one) => one !== callId);
    if (left.length > 0) this.reruns.set(rerunOf, left);
    else this.reruns.delete(rerunOf);
  }

  private inOrder(sort: Sort): readonly IndexedCall[] {
    const known = this.sorted.get(sort);
    if (known && !known.isStale && known.added.length === 0) return known.calls;
    const isKept = (one: IndexedCall): boolean => this.calls.get(one.callId) === one;
    const before = known?.isStale ? known.calls.filter(isKept) : (known?.calls ?? []);
    const added = (known?.added ?? [...this.calls.values()]).filter(isKept).sort(ascending(sort));
    const calls = before.length === 0 ? added : inserted(before, added, sort);
    this.sorted.set(sort, { calls, isStale: false, added: [] });
    return calls;
  }
}

/** A call passes over an agent that is paused or has no free slot. */
function wasAsked({ tries, errorType }: EndedAttempt): boolean {
  return tries > 0 || !isUnasked(errorType);
}

/** Puts a few sorted calls into many. Each is looked up, so that the many need not be compared one by one. */
function inserted(calls: readonly IndexedCall[], added: readonly IndexedCall[], sort: Sort): IndexedCall[] {
  if (added.length > mostLookedUp) return calls.concat(added).sort(ascending(sort));
  const parts: (readonly IndexedCall[])[] = [];
  let from = 0;
  for (const one of added) {
    const to = firstAfter(calls, sort, placeOf(sort, one));
    parts.push(calls.slice(from, to), [one]);
    from = to;
  }
  return ([] as IndexedCall[]).concat(...parts, calls.slice(from));
}

/** Returns what the call is sorted by: epoch ms, or ms for `duration`. Calls that run have only a start. */
export function keyOf(
  sort: Sort,
  { startedAt, endedAt }: Pick<IndexedCall, 'startedAt' | 'endedAt'>,
): number {
  if (sort === 'started') return startedAt;
  return sort === 'ended' ? (endedAt ?? Infinity) : (endedAt ?? Infinity) - startedAt;
}

/** Returns the place of a call in a sorted list. */
export function placeOf(sort: Sort, call: IndexedCall): Place {
  return { key: keyOf(sort, call), runId: call.runId };
}

/** Compares calls by what they are sorted by, and equal ones by their runs, so that the order is always the same. */
export function ascending(sort: Sort): (one: IndexedCall, other: IndexedCall) => number {
  return (one, other) => compare(keyOf(sort, one), one.runId, keyOf(sort, other), other.runId);
}

export function comparePlaces(one: Place, other: Place): number {
  return compare(one.key, one.runId, other.key, other.runId);
}

function compare(key: number, runId: string, otherKey: number, otherRunId: string): number {
  if (key !== otherKey) return key < otherKey ? -1 : 1;
  return runId === otherRunId ? 0 : runId < otherRunId ? -1 : 1;
}

/** Returns the index of the first call after the place, in ascending order. */
function firstAfter(calls: readonly IndexedCall[], sort: Sort, after: Place): number {
  let low = 0;
  let high = calls.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const call = calls[middle];
    if (call && compare(keyOf(sort, call), call.runId, after.key, after.runId) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the index of the last call before the place, in ascending order; -1 if there is none. */
function lastBefore(calls: readonly IndexedCall[], sort: Sort, before: Place): number {
  const at = firstAfter(calls, sort, before);
  const same = calls[at - 1];
  return same && comparePlaces(placeOf(sort, same), before) === 0 ? at - 2 : at - 1;
}
