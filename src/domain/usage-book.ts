/**
 * The state of the entity that adds up what keys and projects use (workflows/key-usage.ts). Facades report to it every few
 * seconds, and learn from its answers what the others have used.
 */

/** Numbers by subject: `key:<id>` or `project:<name>`. */
export type BySubject = Readonly<Record<string, number>>;

/** What a facade reports. */
export interface UsageReport {
  /** The facade. Another start of the same process is another one. */
  readonly node: string;
  /** Counts the facade's reports. One that comes again changes nothing. */
  readonly number: number;
  /** Calls that were accepted since the last report. Negative if more of those before were given back. */
  readonly calls: BySubject;
  /** The minute (epoch minutes) that `requests` are of. */
  readonly minute: number;
  readonly requests: BySubject;
  readonly inFlight: BySubject;
  /** Epoch minutes in which keys were last used, by the ids of keys. */
  readonly lastUsed: BySubject;
}

/** What a facade learns. */
export interface UsageSummary {
  /** The day, as `2026-11-30` in UTC, that `calls` are of. */
  readonly day: string;
  /** Calls of all facades, this one's last report included. */
  readonly calls: BySubject;
  readonly minute: number;
  /** Requests of the other facades in that minute. */
  readonly requests: BySubject;
  /** Calls in flight of the other facades. */
  readonly inFlight: BySubject;
  /** The answer to a report has only those of the last minutes, the answer to a query all. */
  readonly lastUsed: BySubject;
}

/** What a run of the entity carries to the next one. */
export interface UsageState {
  readonly day: string;
  readonly calls: BySubject;
  readonly reports: readonly KeptReport[];
  readonly lastUsed: BySubject;
}

type KeptReport = Pick<UsageReport, 'node' | 'number' | 'minute' | 'requests' | 'inFlight'> & {
  /** Epoch ms. */
  readonly at: number;
};

/** A facade that has not reported for so long is gone, or does nothing. Its calls in flight no longer count. */
const keptMs = 60_000;
const minuteMs = 60_000;
const maxFacades = 500;
/** The most keys whose last use is kept; beyond it those that were used longest ago are dropped. */
const maxLastUsed = 4_000;

export const emptyUsage: UsageState = { day: '', calls: {}, reports: [], lastUsed: {} };

export class UsageBook {
  private day: string;
  private calls: Map<string, number>;
  private lastUsed: Map<string, number>;
  private readonly reports: Map<string, KeptReport>;

  constructor({ day, calls, reports, lastUsed }: UsageState) {
    this.day = day;
    this.calls = new Map(Object.entries(calls));
    this.lastUsed = new Map(Object.entries(lastUsed));
    this.reports = new Map(reports.map((report) => [report.node, report]));
  }

  state(): UsageState {
    return {
      day: this.day,
      calls: Object.fromEntries(this.calls),
      reports: [...this.reports.values()],
      lastUsed: Object.fromEntries(this.lastUsed),
    };
  }

  /** Adds what a facade has used, and returns what it needs to know of the others. */
  report(report: UsageReport, now: number): UsageSummary {
    const { node, number, minute, requests, inFlight } = report;
    if (dayOf(now) !== this.day) {
      this.day = dayOf(now);
      this.calls = new Map();
    }
    if (number > (this.reports.get(node)?.number ?? 0)) {
      this.keep({ node, number, minute, requests, inFlight, at: now });
      const isOfToday = dayOf(minute * minuteMs) === this.day; // It may have been sent again after midnight.
      for (const [subject, count] of isOfToday ? Object.entries(report.calls) : [])
        this.calls.set(subject, Math.max(0, (this.calls.get(subject) ?? 0) + count));
      for (const [key, at] of Object.entries(report.lastUsed)) this.use(key, at);
    }
    const recently = Math.floor(now / minuteMs) - 1;
    const recent = [...this.lastUsed].filter(([, at]) => at >= recently);
    return { ...this.summary(node, minute, now), lastUsed: Object.fromEntries(recent) };
  }

  /** Returns what other facades than `node` have used, and the calls of the day of all. */
  summary(node: string, minute: number, now: number): UsageSummary {
    const others = [...this.reports.values()].filter((one) => one.node !== node && one.at >= now - keptMs);
    return {
      day: this.day,
      calls: Object.fromEntries(this.calls),
      minute,
      requests: sum(others.filter((one) => one.minute === minute).map((one) => one.requests)),
      inFlight: sum(others.map((one) => one.inFlight)),
      lastUsed: Object.fromEntries(this.lastUsed),
    };
  }

  /** Keeps the facade's newest report. Of a facade that is gone only its number is kept, because the report may come again. */
  private keep(report: KeptReport): void {
    this.reports.delete(report.node);
    for (const [node, one] of this.reports)
      if (one.at < report.at - keptMs) this.reports.set(node, { ...one, requests: {}, inFlight: {} });
    this.reports.set(report.node, report);
    const [oldest] = this.reports.keys();
    if (this.reports.size > maxFacades && oldest !== undefined) this.reports.delete(oldest);
  }

  private use(key: string, at: number): void {
    const latest = Math.max(at, this.lastUsed.get(key) ?? 0);
    this.lastUsed.delete(key);
    this.lastUsed.set(key, latest);
    const [oldest] = this.lastUsed.keys();
    if (this.lastUsed.size > maxLastUsed && oldest !== undefined) this.lastUsed.delete(oldest);
  }
}

/** Returns the day in UTC, as `2026-11-30`. */
export function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

function sum(all: readonly BySubject[]): BySubject {
  const total = new Map<string, number>();
  for (const one of all)
    for (const [subject, count] of Object.entries(one)) total.set(subject, (total.get(subject) ?? 0) + count);
  return Object.fromEntries(total);
}
