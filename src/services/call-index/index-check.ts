/** Compares the index with what Temporal has: whether it has all calls, and which of its calls were deleted. */
import { allProjects, projectOf } from '../../domain/project.ts';
import { closedCallsQuery } from '../temporal/queries.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { count, listAll } from '../temporal/visibility.ts';
import type { IndexInUse } from './call-index.ts';
import type { IndexedCall } from './ending-index.ts';

/** How much later than the list of a segment its calls may have ended, in ms. */
export const skewMs = 5_000;
/** How often the calls of a project are looked through for those that were deleted, at most, in ms. */
const lookThroughMs = 10_000;
/** With more calls than this, a request does not wait until they are looked through. */
const awaitedCalls = 20_000;
const pageSize = 1_000;

/** From `from` on, before `until`. In epoch ms. */
interface Span {
  readonly from: number;
  readonly until: number;
}
const always: Span = { from: 0, until: Infinity };

export class IndexCheck {
  private readonly temporal: Temporal;
  /** When the calls of each project were last looked through, in each span of time, by a monotonic clock. */
  private readonly lookedAt = new Map<string, number>();

  constructor(temporal: Temporal) {
    this.temporal = temporal;
  }

  /**
   * Returns whether the index has the ended calls of the project that Temporal has, all and no other. If it has more of them in
   * the time that it covers, or before, drops those that were deleted. Throws the refusal `temporal_unavailable`.
   */
  async isWhole(project: string, used: IndexInUse): Promise<boolean> {
    const { endings, keptSince, listedAt, since = Infinity, isBuilt } = used;
    const until = Math.max(0, Math.floor(listedAt - skewMs));
    const kept = Math.min(until, Math.max(0, Math.ceil(keptSince)));
    const covered = Math.min(until, Math.max(kept, since, endings.droppedUntil + 1));
    // Apart: that earlier calls are missing must not hide that later ones were deleted.
    const areEqual = await Promise.all([
      this.isEqual(`covered ${project}`, project, used, { from: covered, until }),
      kept === covered || this.isEqual(`earlier ${project}`, project, used, { from: kept, until: covered }),
    ]);
    return isBuilt && endings.droppedUntil === 0 && areEqual.every(Boolean);
  }

  /** `key` stands for the project and the time in `lookedAt`. */
  private async isEqual(key: string, project: string, used: IndexInUse, span: Span): Promise<boolean> {
    const closed = await count(this.temporal, closedCallsQuery(project, span.from, span.until));
    const found = countIn(project, used, span);
    if (closed >= found || !this.isDue(key)) return closed === found;
    const dropping = this.dropDeleted(project, used, span);
    if (closed <= awaitedCalls) await dropping;
    else dropping.catch(() => this.lookedAt.delete(key)); // The next request tries again.
    return closed === countIn(project, used, span);
  }

  private isDue(key: string): boolean {
    const now = performance.now();
    for (const [one, at] of this.lookedAt) if (now - at > lookThroughMs) this.lookedAt.delete(one);
    if (this.lookedAt.has(key)) return false;
    this.lookedAt.set(key, now);
    return true;
  }

  private async dropDeleted(project: string, used: IndexInUse, span: Span): Promise<void> {
    const left = new Set<string>();
    const query = closedCallsQuery(project, span.from, span.until);
    for await (const item of listAll(this.temporal, query, pageSize)) left.add(item.execution?.runId ?? '');
    for (const call of [...callsIn(project, used, span)])
      if (!left.has(call.runId)) used.endings.remove(call);
  }
}

/** Returns how many calls of the project the index has that ended in this time. */
export function countIn(project: string, used: IndexInUse, span: Span = always): number {
  const calls = callsIn(project, used, span);
  let found = 0;
  while (!calls.next().done) found += 1;
  return found;
}

function* callsIn(project: string, used: IndexInUse, { from, until }: Span): Generator<IndexedCall> {
  const { endings, keptSince } = used;
  for (const call of endings.all()) {
    const { callId, endedAt = 0 } = call;
    if (endedAt < keptSince || endedAt < from || endedAt >= until) continue;
    if (project === allProjects || projectOf(callId) === project) yield call;
  }
}
