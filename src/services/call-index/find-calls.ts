/**
 * Lists and counts calls: by Temporal alone where its list filter can say what is asked for, otherwise by the index of endings
 * and what Temporal adds to it (candidates.ts). Rows always come from Temporal, so that a deleted call is never shown.
 */
import pMap from 'p-map';
import { runKey } from '../../domain/cache-keys.ts';
import type { CallCounts, CallRecords } from '../calls/call-records.ts';
import type { FoundCall, ListedRun } from '../calls/call-summary.ts';
import { resolvedAmong } from '../calls/resolved-calls.ts';
import type { Temporal } from '../temporal/rpc.ts';
import type { CallIndex, IndexInUse } from './call-index.ts';
import { asksForContent, filterOf, needsIndex, type CallSearch, type ListOrder } from './call-search.ts';
import type { CallTexts } from './call-texts.ts';
import { CandidateFinder, type Candidates, type Covers } from './candidates.ts';
import { placeOf, type IndexedCall, type Order, type Place, type Sort } from './ending-index.ts';
import { decodePlace, encodePlace } from './list-cursor.ts';
import { readRows } from './row-reader.ts';
import { Effort } from './search-effort.ts';

export interface FoundPage {
  readonly items: readonly FoundCall[];
  readonly nextCursor?: string;
  /** Undefined if the answer was made from all calls that Temporal has. */
  readonly covers?: Covers;
}

export interface ListWish extends ListOrder {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** Whether each call gets the beginning of its prompt. */
  readonly withPrompt?: boolean;
}

export interface FoundCounts extends CallCounts {
  readonly covers?: Covers;
}

/** For one file the content of so many calls is read at most. */
const maxFileLooks = 10_000;
/** How many histories are read at once. */
const readsAtOnce = 16;
/** How many calls are looked at together if their content decides. */
const looksAtOnce = 64;

/** What one answer is made from. */
interface Made {
  readonly used: IndexInUse;
  readonly candidates: Candidates;
}

type IndexedWish = ListWish & { readonly sort: Sort };
type IndexedPage = FoundPage & { readonly items: readonly ListedRun[] };

interface FoundFile {
  readonly covers: Covers | undefined;
  readonly calls: AsyncIterable<FoundCall>;
}

interface FindCallsParts {
  readonly temporal: Temporal;
  readonly records: CallRecords;
  readonly index: CallIndex;
  readonly texts: CallTexts;
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
}

/** Methods throw the refusals `temporal_unavailable`, `payload_store_unavailable` and `validation_failed`. */
export class FindCalls {
  private readonly parts: FindCallsParts;
  private readonly candidates: CandidateFinder;

  constructor(parts: FindCallsParts) {
    this.parts = parts;
    this.candidates = new CandidateFinder(parts.temporal, parts.records, parts.now);
  }

  /** Returns one page. */
  async list(search: CallSearch, wish: ListWish): Promise<FoundPage> {
    const { sort } = wish;
    const isIndexed = sort !== undefined || needsIndex(search);
    const page = isIndexed
      ? await this.fromIndex(search, { ...wish, sort: sort ?? 'started' })
      : await this.parts.records.list(filterOf(search), wish);
    return { ...page, items: await this.complete(page.items, wish) };
  }

  /** Returns how many calls match in each status. The search's own status is ignored. */
  async counts(search: CallSearch): Promise<FoundCounts> {
    const any = { ...search, status: undefined };
    if (!needsIndex(any)) return this.parts.records.counts(filterOf(any));
    const made = await this.make(any, 'started', 'desc');
    const effort = new Effort(any);
    const counts = { total: 0, running: 0, completed: 0, failed: 0, cancelled: 0 };
    let isCut = false;
    for (const some of batches(made.candidates.inOrder('started', 'desc'), looksAtOnce)) {
      isCut = asksForContent(any) && effort.isOver;
      if (isCut) break;
      // A deleted call must not be found by its content, which may still be in memory.
      const present = asksForContent(any) ? await this.present(any, some, made, effort) : some;
      for (const call of await this.withContent(any, present, effort)) {
        counts[call.status] += 1;
        counts.total += 1;
      }
    }
    const { covers } = made.candidates;
    return { ...counts, covers: { ...covers, whole: covers.whole && !isCut, lookedAt: effort.looks } };
  }

  /**
   * Returns the calls of all pages, at most `most`, and what they are found among. They end early once the signal is aborted, or
   * if content is asked for and that of 10,000 calls was read.
   */
  async all(
    search: CallSearch,
    wish: Omit<ListWish, 'limit' | 'cursor'>,
    most: number,
    signal: AbortSignal,
  ): Promise<FoundFile> {
    const { sort, order } = wish;
    const isIndexed = sort !== undefined || needsIndex(search);
    const by = sort ?? 'started';
    const made = isIndexed ? await this.make(search, by, order, true) : undefined;
    const page = async (limit: number, cursor: string | undefined): Promise<FoundPage> => {
      if (!made) return this.list(search, { ...wish, limit, cursor });
      const found = await this.pageOf(search, { ...wish, sort: by, limit, cursor }, made);
      return { ...found, items: await this.complete(found.items, wish) };
    };
    const covers = made && coveredByFile(search, made.candidates.covers);
    return { covers, calls: pages(page, most, signal) };
  }

  private async fromIndex(search: CallSearch, wish: IndexedWish): Promise<IndexedPage> {
    const { sort, order, cursor } = wish;
    if (cursor !== undefined) decodePlace(search, { sort, order }, cursor);
    return this.pageOf(search, wish, await this.make(search, sort, order));
  }

  /** Finds what lists are made from. A file, and a list that begins with the oldest calls, need all that the log has. */
  private async make(search: CallSearch, sort: Sort, order: Order, isFile = false): Promise<Made> {
    const used = await this.parts.index.use(isFile || order === 'asc');
    return { used, candidates: await this.candidates.find(search, used, sort === 'started') };
  }

  private async pageOf(
    search: CallSearch,
    { sort, order, limit, cursor }: IndexedWish,
    made: Made,
  ): Promise<IndexedPage> {
    const after = cursor === undefined ? undefined : decodePlace(search, { sort, order }, cursor);
    const { candidates } = made;
    const effort = new Effort(search);
    const items: ListedRun[] = [];
    let last: Place | undefined;
    let isMore = false;
    const size = asksForContent(search) ? looksAtOnce : limit + 1;
    for (const some of batches(candidates.inOrder(sort, order, after), size)) {
      isMore = effort.isOver;
      if (isMore) break;
      const rows = await this.rows(search, some, made, effort);
      const present = some.filter((call) => rows.has(runKey(call)));
      const matching = new Set(await this.withContent(search, present, effort));
      for (const call of some) {
        const row = matching.has(call) ? rows.get(runKey(call)) : undefined;
        isMore = row !== undefined && items.length === limit;
        if (isMore) break;
        last = placeOf(sort, call);
        if (row) items.push(row);
      }
      if (isMore) break;
    }
    return {
      items,
      ...(isMore && last && { nextCursor: encodePlace(search, { sort, order }, last) }),
      covers: { ...candidates.covers, lookedAt: effort.looks },
    };
  }

  /** Returns those whose content is what the search asks for. */
  private async withContent(
    search: CallSearch,
    calls: readonly IndexedCall[],
    effort: Effort,
  ): Promise<readonly IndexedCall[]> {
    if (!asksForContent(search)) return calls;
    effort.read(calls.length);
    const matches = await pMap(calls, (call) => this.parts.texts.matches(search, call), {
      concurrency: readsAtOnce,
    });
    return calls.filter((_call, index) => matches[index]);
  }

  /** Returns those that exist and still match. */
  private async present(search: CallSearch, calls: readonly IndexedCall[], made: Made, effort: Effort) {
    const rows = await this.rows(search, calls, made, effort);
    return calls.filter((call) => rows.has(runKey(call)));
  }

  /** Returns the rows of those calls that exist and still match, by run. */
  private async rows(
    search: CallSearch,
    calls: readonly IndexedCall[],
    { used: { endings }, candidates }: Made,
    effort: Effort,
  ): Promise<Map<string, ListedRun>> {
    const { temporal, texts } = this.parts;
    const rows = await readRows(temporal, calls, candidates.rows);
    for (const call of calls) {
      if (rows.has(runKey(call))) continue;
      endings.remove(call);
      texts.forget(call);
    }
    if (search.resolved === false) {
      // The index does not know reruns from before endings said what they are reruns of.
      const resolved = await resolvedAmong(temporal, [...rows.values()]);
      for (const [key, { callId }] of rows) if (resolved.has(callId)) rows.delete(key);
    }
    effort.inVain(calls.length - rows.size);
    return rows;
  }

  /** Adds to the rows what lists do not have. */
  private async complete(
    rows: readonly ListedRun[],
    { withPrompt = false }: Pick<ListWish, 'withPrompt'>,
  ): Promise<readonly FoundCall[]> {
    const { temporal, texts } = this.parts;
    const [resolved, previews] = await Promise.all([
      resolvedAmong(temporal, rows),
      withPrompt ? pMap(rows, (row) => texts.preview(row), { concurrency: readsAtOnce }) : [],
    ]);
    return rows.map((row, index) => ({
      ...row,
      ...(row.status === 'failed' && { resolved: resolved.has(row.callId) }),
      ...(withPrompt && { promptPreview: previews[index] ?? null }),
    }));
  }
}

/** Yields the calls of one page after the other. */
async function* pages(
  page: (limit: number, cursor: string | undefined) => Promise<FoundPage>,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<FoundCall> {
  let cursor: string | undefined;
  let left = most;
  let looks = 0;
  while (left > 0 && looks < maxFileLooks && !signal.aborted) {
    const { items, nextCursor, covers } = await page(Math.min(left, 200), cursor);
    yield* items;
    left -= items.length;
    looks += covers?.lookedAt ?? 0;
    cursor = nextCursor;
    if (cursor === undefined) return;
  }
}

/** Says what a file is made from before it is: whether the contents of all calls are read is known only if there are few. */
function coveredByFile(search: CallSearch, covers: Candidates['covers']): Covers {
  const isLong = asksForContent(search) && covers.calls > maxFileLooks;
  return { ...covers, whole: covers.whole && !isLong, lookedAt: undefined };
}

function* batches<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
