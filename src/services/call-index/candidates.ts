/**
 * The calls that a list is made from: those of the index, those that run, and those that have ended since the index's newest
 * segment was listed. A search that the index cannot answer, because it asks for a session or a user, is made from what
 * Temporal lists of them.
 */
import { CoalescedReads } from '../../lib/coalesced-reads.ts';
import { runKey } from '../../domain/cache-keys.ts';
import { callsClosedQuery, listQuery } from '../calls/call-filter.ts';
import type { CallRecords } from '../calls/call-records.ts';
import type { ListedRun } from '../calls/call-summary.ts';
import { listedCall } from '../calls/listed-call.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { listAll } from '../temporal/visibility.ts';
import type { IndexInUse } from './call-index.ts';
import { asksForRows, filterOf, mayRun, meets, type CallSearch } from './call-search.ts';
import {
  ascending,
  comparePlaces,
  placeOf,
  type EndingIndex,
  type IndexedCall,
  type Order,
  type Place,
  type Sort,
} from './ending-index.ts';
import { countIn, IndexCheck, skewMs } from './index-check.ts';

/** What an answer was made from. Times are epoch ms. */
export interface Covers {
  /** How many ended calls. */
  readonly calls: number;
  /** All that ended since then are among them. Undefined if they are whole, or if that is not known. */
  readonly since: number | undefined;
  readonly completeUntil: number | undefined;
  /** Whether those are all that Temporal has, as far as is known. */
  readonly whole: boolean;
  readonly running: 'all' | 'newest' | 'none';
  /** Of how many calls the content was read. Undefined if it was not asked for. */
  readonly lookedAt: number | undefined;
}

export interface Candidates {
  /** The rows that Temporal has listed already, by run. */
  readonly rows: ReadonlyMap<string, ListedRun>;
  readonly covers: Omit<Covers, 'lookedAt'>;
  /** Yields the calls that match, apart from their content, from the place on. */
  inOrder(sort: Sort, order: Order, after?: Place): Iterable<IndexedCall>;
}

/** How many running calls, and how many that have just ended, are among the candidates at most. */
const maxLive = 1_000;
/** How many calls of a session or a user are. */
const maxRows = 10_000;
/** The most calls that Temporal returns in one page. */
const pageSize = 1_000;

export class CandidateFinder {
  private readonly temporal: Temporal;
  private readonly records: Pick<CallRecords, 'list'>;
  private readonly now: () => number;
  private readonly check: IndexCheck;
  private readonly reads = new CoalescedReads<readonly ListedRun[]>();

  /** `now` returns epoch ms by Temporal's clock. */
  constructor(temporal: Temporal, records: Pick<CallRecords, 'list'>, now: () => number) {
    this.temporal = temporal;
    this.check = new IndexCheck(temporal);
    this.records = records;
    this.now = now;
  }

  /** `withRunning` is false if running calls have no place in the order. Throws the refusal `temporal_unavailable`. */
  async find(search: CallSearch, used: IndexInUse, withRunning: boolean): Promise<Candidates> {
    return asksForRows(search)
      ? this.fromRows(search, used, withRunning)
      : this.fromIndex(search, used, withRunning);
  }

  private async fromRows(search: CallSearch, used: IndexInUse, withRunning: boolean): Promise<Candidates> {
    const found = await this.read(listQuery(filterOf(search)), maxRows);
    const rows = found.filter(({ status }) => status !== 'running' || (withRunning && mayRun(search)));
    const calls = rows.map((row) => used.endings.get(row.callId, row.runId) ?? indexedOf(row));
    const isAll = found.length < maxRows;
    // Which fallbacks were asked, and which reruns answered, is known of the calls in the index alone.
    const isKnown = search.asked === undefined && search.resolved === undefined;
    const whole = isAll && (isKnown || (await this.check.isWhole(search.project, used)));
    const ended = calls.flatMap(({ endedAt }) => endedAt ?? []);
    const oldest = ended.reduce((one, other) => Math.min(one, other), Infinity);
    return {
      rows: byRun(rows),
      covers: {
        calls: ended.length,
        since: whole || (!isAll && ended.length === 0) ? undefined : isAll ? used.since : oldest,
        completeUntil: this.now(),
        whole,
        running: withRunning && mayRun(search) ? 'all' : 'none',
      },
      inOrder: (sort, order, after) => sorted(matching(search, used, calls), sort, order, after),
    };
  }

  private async fromIndex(search: CallSearch, used: IndexInUse, withRunning: boolean): Promise<Candidates> {
    const at = this.now();
    const hasRunning = withRunning && mayRun(search);
    const lateSince = Math.max(0, used.listedAt - skewMs);
    // In this order: a call that ends in between is in both lists rather than in none.
    const running = hasRunning ? await this.running(search) : [];
    const [ended, whole] = await Promise.all([
      this.read(callsClosedQuery(lateSince, roundedUp(at + skewMs)), maxLive),
      this.check.isWhole(search.project, used),
    ]);
    const live = byRun([...running, ...ended].filter((row) => !used.endings.get(row.callId, row.runId)));
    // A call that ends while both are read may be in both.
    const calls = [...live.values()].map(indexedOf);
    const isLate = ended.length === maxLive;
    const met = { ...used, endings: withAnswers(used.endings, calls) };
    return {
      rows: live,
      covers: {
        calls: countIn(search.project, used) + calls.filter(({ endedAt }) => endedAt !== undefined).length,
        since: whole ? undefined : used.since,
        completeUntil: isLate ? used.listedAt : at,
        whole: whole && !isLate,
        running: !hasRunning ? 'none' : running.length < maxLive ? 'all' : 'newest',
      },
      inOrder: (sort, order, after) =>
        merged(
          matching(search, met, used.endings.walk(sort, order, after)),
          // Those that came into the index since then are walked there.
          sorted(
            matching(
              search,
              met,
              calls.filter((one) => !used.endings.get(one.callId, one.runId)),
            ),
            sort,
            order,
            after,
          ),
          sort,
          order,
        ),
    };
  }

  /** Lists the running calls that may match, the newest first. */
  private async running(search: CallSearch): Promise<readonly ListedRun[]> {
    const { agent = search.asked } = search;
    const { items } = await this.records.list(
      { ...filterOf(search), agent, status: 'running' },
      { limit: maxLive },
    );
    return items;
  }

  private read(query: string, most: number): Promise<readonly ListedRun[]> {
    return this.reads.read(query, async () => {
      const rows: ListedRun[] = [];
      for await (const item of listAll(this.temporal, query, Math.min(most, pageSize))) {
        rows.push(await listedCall(this.temporal, item));
        if (rows.length === most) break;
      }
      return rows;
    });
  }
}

type Resolved = Pick<EndingIndex, 'isResolved'>;

/** Adds what reruns have answered that the index does not have yet. */
function withAnswers(endings: Resolved, live: readonly IndexedCall[]): Resolved {
  const answered = new Set(
    live.flatMap(({ status, rerunOf = [] }) => (status === 'completed' ? rerunOf : [])),
  );
  return { isResolved: (callId) => answered.has(callId) || endings.isResolved(callId) };
}

/** In whole seconds, so that those who ask in the same second share one read. */
const roundedUp = (ms: number): number => Math.ceil(ms / 1_000) * 1_000;

/** Makes the entry of a call that is not in the index. Of the agents that were asked it knows the first and the last. */
function indexedOf(row: ListedRun): IndexedCall {
  const {
    callId,
    runId,
    agentAsked: agent,
    answeredBy,
    status,
    errorType,
    startedAt,
    endedAt,
    rerunOf,
  } = row;
  return {
    callId,
    runId,
    agent,
    answeredBy,
    status,
    errorType,
    startedAt: startedAt.getTime(),
    endedAt: endedAt?.getTime(),
    asked: answeredBy === undefined || answeredBy === agent ? [agent] : [agent, answeredBy],
    rerunOf,
  };
}

function byRun(rows: readonly ListedRun[]): ReadonlyMap<string, ListedRun> {
  return new Map(rows.map((row) => [runKey(row), row]));
}

function* matching(
  search: CallSearch,
  { endings, keptSince }: Pick<IndexInUse, 'keptSince'> & { readonly endings: Resolved },
  calls: Iterable<IndexedCall>,
): Generator<IndexedCall> {
  for (const call of calls)
    if ((call.endedAt ?? Infinity) >= keptSince && meets(search, call, endings)) yield call;
}

function sorted(calls: Iterable<IndexedCall>, sort: Sort, order: Order, after?: Place): IndexedCall[] {
  const sign = order === 'asc' ? 1 : -1;
  return [...calls]
    .filter((one) => !after || sign * comparePlaces(placeOf(sort, one), after) > 0)
    .sort((one, other) => sign * ascending(sort)(one, other));
}

function* merged(
  calls: Iterator<IndexedCall>,
  others: readonly IndexedCall[],
  sort: Sort,
  order: Order,
): Generator<IndexedCall> {
  const sign = order === 'asc' ? 1 : -1;
  let next = calls.next();
  for (const other of others) {
    for (; !next.done && sign * ascending(sort)(next.value, other) < 0; next = calls.next()) yield next.value;
    yield other;
  }
  for (; !next.done; next = calls.next()) yield next.value;
}
