/**
 * Counts what keys and projects use, and refuses what is beyond their limits, from memory. Every few seconds a facade that has
 * something to tell reports to a workflow, whose answer says what the other facades have used.
 */
import { randomUUID } from 'node:crypto';
import { Refusal } from '../../domain/failures.ts';
import { keyUsageId } from '../../domain/ids.ts';
import { mayUse, type Limits } from '../../domain/limits.ts';
import { dayOf, emptyUsage, type UsageReport, type UsageSummary } from '../../domain/usage-book.ts';
import type { keyUsage } from '../../workflows/key-usage.ts';
import { reportUsageUpdate, usageQuery } from '../../workflows/messages.ts';
import type { Charge, Payer } from '../calls/calls-in-flight.ts';
import { ensureEntity, sendUpdate } from '../temporal/entity-updates.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** How soon, at the latest, a facade learns what the others have used. */
const shareSeconds = 3;

/** A key or a project, and its limits. */
export interface Subject {
  readonly id: string;
  /** What it is called in refusals. */
  readonly name: string;
  readonly limits: Limits;
}

/** What one subject has used on this facade. */
interface Own {
  /** The minute that `requests` are of, and how many of them the last report had. */
  minute: number;
  requests: number;
  reportedRequests: number;
  inFlight: number;
  /** Calls in flight that were not when the last report was sent. */
  startedInFlight: number;
  /** The day that `calls` are of. */
  day: string;
  /** Calls that no report has told yet. Negative if calls that it has told were given back. */
  calls: number;
}

/** A report that has no answer yet, and what each subject had used when it was made. */
interface Pending {
  readonly report: UsageReport;
  readonly counted: ReadonlyMap<string, Own>;
}

const nothing: UsageSummary = { day: '', calls: {}, minute: 0, requests: {}, inFlight: {}, lastUsed: {} };

interface Cluster {
  /** How many facades run. */
  readonly facades: () => number;
  /** Whether any key or project has limits. */
  readonly hasLimits: () => boolean;
  /** The time by the clock that all nodes share (epoch ms). */
  readonly now: () => number;
}

export class Usage {
  private readonly temporal: Temporal;
  private readonly cluster: Cluster;
  private readonly node = randomUUID();
  private readonly own = new Map<string, Own>();
  /** Minutes in which keys were used, by key, that no report has told yet. */
  private lastUsed = new Map<string, number>();
  private known: UsageSummary = nothing;
  /** The minutes in which keys were last used, as far as the workflow told. */
  private readonly knownLastUsed = new Map<string, number>();
  private reports = 0;
  private pending: Pending | undefined;
  private syncing: Promise<void> | undefined;
  private isReported = true;

  constructor(temporal: Temporal, cluster: Cluster) {
    this.temporal = temporal;
    this.cluster = cluster;
  }

  /** Starts the workflow unless it runs. */
  async ensure(): Promise<void> {
    await ensureEntity(this.temporal, 'keyUsage' satisfies typeof keyUsage.name, keyUsageId, [emptyUsage]);
  }

  /** Notes that a key was used. Costs a report at most once a minute. */
  used(key: string): void {
    const minute = Math.floor(this.cluster.now() / minuteMs);
    if ((this.lastUsed.get(key) ?? this.knownLastUsed.get(key) ?? 0) >= minute) return;
    this.lastUsed.set(key, minute);
    this.isReported = false;
  }

  /** When the key was last used, in epoch ms with a minute's precision. Undefined if it never was. */
  lastUsedAt(key: string): number | undefined {
    const known = [this.lastUsed.get(key), this.pending?.report.lastUsed[key], this.knownLastUsed.get(key)];
    const minute = Math.max(...known.map((one) => one ?? 0));
    return minute === 0 ? undefined : minute * minuteMs;
  }

  /** Counts a request of the subjects. Throws the refusal `limit_reached`. */
  request(subjects: readonly Subject[]): void {
    const now = this.cluster.now();
    const minute = Math.floor(now / minuteMs);
    const limited = subjects.filter(({ limits }) => limits.requestsPerMinute !== undefined);
    for (const { id, name, limits } of limited) {
      const own = this.of(id);
      const others = this.known.minute === minute ? (this.known.requests[id] ?? 0) : 0;
      const used = { before: others + own.reportedRequests, since: own.requests - own.reportedRequests };
      this.require('requests a minute', name, limits.requestsPerMinute, used, {
        seconds: 60,
        retryAfterSeconds: Math.ceil(((minute + 1) * minuteMs - now) / 1_000),
      });
    }
    for (const { id } of limited) this.of(id).requests += 1;
    if (limited.length > 0) this.isReported = false;
  }

  /** Returns how the subjects, each of which has limits, pay for a call. */
  payer(subjects: readonly Subject[]): Payer {
    return {
      requirePrompt: (bytes) => {
        for (const { name, limits } of subjects)
          if (bytes > (limits.promptBytes ?? Infinity))
            throw new Refusal(
              'prompt_not_allowed',
              `prompt: at most ${limits.promptBytes ?? 0} bytes as JSON in UTF-8 for ${name}, and this one has ${bytes}`,
            );
      },
      charge: () => this.charge(subjects),
    };
  }

  /** Charges the subjects for a call, which counts as in flight until it is said to have ended. */
  private charge(subjects: readonly Subject[]): Charge {
    const now = this.cluster.now();
    for (const { id, name, limits } of subjects) {
      const own = this.of(id);
      const inFlight = {
        before: (this.known.inFlight[id] ?? 0) + own.inFlight - own.startedInFlight,
        since: own.startedInFlight,
      };
      this.require('calls in flight', name, limits.callsInFlight, inFlight, { retryAfterSeconds: 1 });
      const today = this.known.day === dayOf(now) ? (this.known.calls[id] ?? 0) : 0;
      this.require(
        'calls a day',
        name,
        limits.callsPerDay,
        { before: today + Math.min(0, own.calls), since: Math.max(0, own.calls) },
        {
          seconds: dayMs / 1_000,
          retryAfterSeconds: Math.ceil((dayMs - (now % dayMs)) / 1_000),
        },
      );
    }
    for (const { id } of subjects) {
      const own = this.of(id);
      own.calls += 1;
      own.inFlight += 1;
      own.startedInFlight += 1;
    }
    this.isReported = false;
    const ended = once(() => {
      for (const { id } of subjects) {
        const own = this.of(id);
        own.inFlight -= 1;
        own.startedInFlight = Math.min(own.startedInFlight, own.inFlight);
        this.isReported = false;
      }
    });
    const giveBack = once(() => {
      ended();
      for (const { id } of subjects) {
        const own = this.of(id);
        if (own.day === dayOf(now)) own.calls -= 1;
      }
      this.isReported = false;
    });
    return { ended, giveBack };
  }

  /**
   * Reports what is new, and learns what the others have used. Without anything new it only learns, and only if somebody has
   * limits. Concurrent callers share one report.
   */
  sync(): Promise<void> {
    this.syncing ??= this.exchange().finally(() => {
      this.syncing = undefined;
    });
    return this.syncing;
  }

  /** Reports what is new, before the process ends. */
  async flush(): Promise<void> {
    await this.syncing?.catch(() => undefined);
    if (this.pending) await this.sync(); // It was made before the last calls.
    if (!this.isReported) await this.sync();
  }

  /** A report that got no answer is sent again as it was, so that nothing counts twice. */
  private async exchange(): Promise<void> {
    if (!this.pending && this.isReported) {
      if (this.cluster.hasLimits()) this.know(await this.ask());
      return;
    }
    this.pending ??= this.newReport();
    const { report, counted } = this.pending;
    const updateId = randomUUID();
    const learnt = await rpc(this.temporal, rpcTimeoutMs.write, () =>
      sendUpdate(() => this.handle().executeUpdate(reportUsageUpdate, { args: [report], updateId })),
    ).catch(async (error: unknown) => {
      if (isNotFound(error)) await this.ensure(); // Somebody has ended the workflow: the next round begins anew.
      throw error;
    });
    this.pending = undefined;
    this.know(learnt);
    for (const [id, before] of counted) this.wasReported(id, before);
    // Calls in flight are reported again and again, so that they count although nothing else happens.
    if ([...this.own.values()].some(({ inFlight }) => inFlight > 0)) this.isReported = false;
  }

  /** Learns when each key was last used, for lists of keys. */
  async learnLastUsed(): Promise<void> {
    this.keepLastUsed(await this.ask());
  }

  /** Asks what the others have used. It leaves no event. */
  private ask(): Promise<UsageSummary> {
    const minute = Math.floor(this.cluster.now() / minuteMs);
    return rpc(this.temporal, rpcTimeoutMs.read, () => this.handle().query(usageQuery, this.node, minute));
  }

  private know(summary: UsageSummary): void {
    this.known = summary;
    this.keepLastUsed(summary);
  }

  private keepLastUsed({ lastUsed }: UsageSummary): void {
    for (const [key, minute] of Object.entries(lastUsed)) this.knownLastUsed.set(key, minute);
  }

  private newReport(): Pending {
    const minute = Math.floor(this.cluster.now() / minuteMs);
    const all = [...this.own.keys()].map((id) => [id, this.of(id)] as const);
    const of = (pick: (own: Own) => number) =>
      Object.fromEntries(all.map(([id, own]) => [id, pick(own)] as const).filter(([, count]) => count !== 0));
    this.reports += 1;
    const report: UsageReport = {
      node: this.node,
      number: this.reports,
      minute,
      calls: of((own) => own.calls),
      requests: of((own) => own.requests),
      inFlight: of((own) => own.inFlight),
      lastUsed: Object.fromEntries(this.lastUsed),
    };
    this.lastUsed = new Map();
    this.isReported = true;
    return { report, counted: new Map(all.map(([id, own]) => [id, { ...own }])) };
  }

  /** What `before` has is known to the others now. */
  private wasReported(id: string, before: Own): void {
    const own = this.own.get(id);
    if (!own) return;
    if (own.day === before.day) own.calls -= before.calls;
    if (own.minute === before.minute) own.reportedRequests = before.requests;
    own.startedInFlight = Math.max(0, own.startedInFlight - before.startedInFlight);
    const isIdle = own.calls === 0 && own.inFlight === 0 && own.requests === 0;
    if (isIdle) this.own.delete(id);
  }

  private require(
    what: string,
    who: string,
    quota: number | undefined,
    used: { readonly before: number; readonly since: number },
    { seconds, retryAfterSeconds }: { readonly seconds?: number; readonly retryAfterSeconds: number },
  ): void {
    if (quota === undefined || mayUse(quota, used, this.cluster.facades())) return;
    const left = quota - used.before;
    const limit = { name: what.replaceAll(' ', '-'), quota, ...(seconds !== undefined && { seconds }) };
    if (left <= 0 || this.cluster.facades() <= 1)
      throw new Refusal('limit_reached', `${who} may have ${quota} ${what}, and has used them`, {
        retryAfterSeconds,
        limit,
      });
    throw new Refusal(
      'limit_reached',
      `${who} may have ${quota} ${what}, and this node has used its share of them until it learns what the other nodes have used: try again in ${shareSeconds} s`,
      { retryAfterSeconds: shareSeconds, limit: { ...limit, remaining: Math.max(0, left - used.since) } },
    );
  }

  /** What the subject has used here, in this minute and on this day. */
  private of(id: string): Own {
    const now = this.cluster.now();
    const minute = Math.floor(now / minuteMs);
    const day = dayOf(now);
    const nothingYet = {
      minute,
      requests: 0,
      reportedRequests: 0,
      inFlight: 0,
      startedInFlight: 0,
      day,
      calls: 0,
    };
    const own = this.own.get(id) ?? nothingYet;
    if (own.minute !== minute) Object.assign(own, { minute, requests: 0, reportedRequests: 0 });
    if (own.day !== day) Object.assign(own, { day, calls: 0 });
    this.own.set(id, own);
    return own;
  }

  private handle() {
    return this.temporal.client.workflow.getHandle(keyUsageId);
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
