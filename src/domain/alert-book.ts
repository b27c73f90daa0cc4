/** The state of the cluster's alerts (workflows/alert-book.ts). Times are epoch ms. */
import {
  alertIdOf,
  alertKey,
  isSilencedBy,
  projectOfAlert,
  type Alert,
  type PastCondition,
  type ReportedCondition,
  type Silence,
} from './alert.ts';
import type { OtherRefusalType } from './failures.ts';

/** What one reporter sees, instead of all that it has reported before. */
export interface AlertReport {
  readonly reporter: string;
  /** Of a reporter that others may take over: a later one has a greater fence, and what an earlier one sends is ignored. */
  readonly fence?: number;
  readonly conditions: readonly ReportedCondition[];
  /** What began and ended while nothing durable could run. */
  readonly past?: readonly PastCondition[];
}

/** An alert was announced, or an announced one has resolved. */
export interface AlertChange {
  readonly type: 'alert.fired' | 'alert.resolved';
  /** When it was announced, which may be long after it fired. */
  readonly at: number;
  /** 1 for the first change of all alerts, and one more for each. */
  readonly sequence: number;
  readonly alert: Alert;
}

export interface ReporterState {
  readonly fence?: number;
  /** The keys of the alerts that it reports. */
  readonly keys: readonly string[];
}

/** The form in which a run of the workflow hands the book to the next one. */
export interface AlertState {
  readonly active: readonly Alert[];
  /** The newest last. */
  readonly resolved: readonly Alert[];
  readonly silences: readonly Silence[];
  readonly reporters: Readonly<Record<string, ReporterState>>;
  /** The sequence number of the newest change; 0 if there was none. */
  readonly sequence: number;
  /** Oldest first. */
  readonly changes: readonly AlertChange[];
}

export type NewSilence = Omit<Silence, 'from'>;

export interface RefusedAlertChange {
  readonly type: OtherRefusalType;
  readonly detail: string;
}

export const noAlerts: AlertState = {
  active: [],
  resolved: [],
  silences: [],
  reporters: {},
  sequence: 0,
  changes: [],
};

/** How many alerts may be active at a time. What else holds fires once others have resolved. */
export const maxActiveAlerts = 300;
export const maxResolvedAlerts = 200;
export const maxSilences = 100;
/** How many changes are kept: as many as there may be if all alerts fire and resolve at the same time. */
const maxChanges = 2 * maxActiveAlerts;

export class AlertBook {
  private readonly active: Map<string, Alert>;
  private resolved: Alert[];
  private silences: Silence[];
  private readonly reporters: Map<string, ReporterState>;
  private sequence: number;
  private changes: AlertChange[];

  constructor(state: AlertState = noAlerts) {
    this.active = new Map(state.active.map((alert) => [alertKey(alert), alert]));
    this.resolved = [...state.resolved];
    this.silences = [...state.silences];
    this.reporters = new Map(Object.entries(state.reporters));
    this.sequence = state.sequence;
    this.changes = [...state.changes];
  }

  state(): AlertState {
    return {
      active: [...this.active.values()],
      resolved: this.resolved,
      silences: this.silences,
      reporters: Object.fromEntries(this.reporters),
      sequence: this.sequence,
      changes: this.changes,
    };
  }

  /** Returns the kept changes after this one, oldest first. */
  changesAfter(sequence: number): AlertChange[] {
    return this.changes.filter((change) => change.sequence > sequence);
  }

  report({ reporter, fence, conditions, past = [] }: AlertReport, now: number): void {
    if (fence !== undefined && fence < (this.reporters.get(reporter)?.fence ?? -Infinity)) return;
    for (const one of past) this.addPast(one, now);
    for (const one of conditions) this.fire(one, now);
    const keys = conditions.map(alertKey).filter((key) => this.active.has(key));
    if (keys.length === 0 && fence === undefined) this.reporters.delete(reporter);
    else this.reporters.set(reporter, { ...(fence !== undefined && { fence }), keys });
    const reported = new Set([...this.reporters.values()].flatMap((one) => one.keys));
    for (const [key, alert] of this.active) if (!reported.has(key)) this.resolve(key, alert, now);
    this.settle(now);
  }

  /** For an alert that `refusalOfAlert` has checked. */
  acknowledge(id: string, by: string, note: string, now: number): Alert {
    const alert = { ...(this.find(id) as Alert), acknowledged: { at: now, by, note } };
    if (alert.resolvedAt === undefined) this.active.set(alertKey(alert), alert);
    else this.resolved = this.resolved.map((one) => (one.id === id ? alert : one));
    return alert;
  }

  silence(wish: NewSilence, now: number): Silence {
    const silence = { ...wish, from: now };
    this.silences.push(silence);
    this.settle(now);
    return silence;
  }

  /** Ends a silence that `refusalOfSilence` has checked. What it kept back is announced. */
  unsilence(id: string, now: number): Silence {
    const silence = this.silences.find((one) => one.id === id) as Silence;
    this.silences = this.silences.filter((one) => one.id !== id);
    this.settle(now);
    return silence;
  }

  refusalOfAlert(id: string, project: string): RefusedAlertChange | undefined {
    const alert = this.find(id);
    if (alert && projectOfAlert(alert) === project) return undefined;
    return { type: 'alert_not_found', detail: `Alert '${id}' not found: GET /api/vps/alerts lists them` };
  }

  refusalOfSilence(id: string, project: string): RefusedAlertChange | undefined {
    if (this.silences.some((one) => one.id === id && projectOfAlert(one) === project)) return undefined;
    return {
      type: 'silence_not_found',
      detail: `Silence '${id}' not found: GET /api/vps/alerts/silences lists them`,
    };
  }

  refusalOfNewSilence({ until: end }: NewSilence, now: number): RefusedAlertChange | undefined {
    if (end <= now) return { type: 'validation_failed', detail: 'until: this time is over already' };
    if (this.silences.filter(({ until }) => until > now).length < maxSilences) return undefined;
    return {
      type: 'silences_full',
      detail: `There are ${maxSilences} silences, the most there can be: end one`,
    };
  }

  private find(id: string): Alert | undefined {
    return [...this.active.values(), ...this.resolved].find((alert) => alert.id === id);
  }

  private fire(one: ReportedCondition, now: number): void {
    const key = alertKey(one);
    if (this.active.has(key) || this.active.size >= maxActiveAlerts) return;
    this.active.set(key, { ...one, id: alertIdOf(one, now), firedAt: now, isAnnounced: false });
  }

  private resolve(key: string, alert: Alert, now: number): void {
    this.active.delete(key);
    this.keep({ ...alert, resolvedAt: now }, now);
  }

  /**
   * Adds what was over before it could be reported, unless another node has reported the same; then it was over when it was for
   * the last of them.
   */
  private addPast({ firedAt, resolvedAt, ...one }: PastCondition, now: number): void {
    const isSame = (alert: Alert): boolean =>
      alertKey(alert) === alertKey(one) &&
      alert.firedAt <= resolvedAt &&
      (alert.resolvedAt ?? Infinity) >= firedAt;
    if ([...this.active.values(), ...this.resolved].some(isSame)) {
      this.resolved = this.resolved.map((alert) =>
        isSame(alert) ? { ...alert, resolvedAt: Math.max(alert.resolvedAt as number, resolvedAt) } : alert,
      );
      return;
    }
    const fired = { ...one, id: alertIdOf(one, firedAt), firedAt, isAnnounced: !this.isSilenced(one, now) };
    if (fired.isAnnounced) this.announce('alert.fired', fired, now);
    this.keep({ ...fired, resolvedAt }, now);
  }

  private keep(alert: Alert, now: number): void {
    if (alert.isAnnounced) this.announce('alert.resolved', alert, now);
    this.resolved = [...this.resolved, alert].slice(-maxResolvedAlerts);
  }

  /** Announces what is active and no silence keeps back, and forgets the silences that have ended. */
  private settle(now: number): void {
    this.silences = this.silences.filter(({ until }) => until > now);
    for (const [key, alert] of this.active) {
      if (alert.isAnnounced || this.isSilenced(alert, now)) continue;
      const announced = { ...alert, isAnnounced: true };
      this.active.set(key, announced);
      this.announce('alert.fired', announced, now);
    }
  }

  private isSilenced(alert: ReportedCondition, now: number): boolean {
    return this.silences.some((silence) => isSilencedBy(silence, alert, now));
  }

  private announce(type: AlertChange['type'], alert: Alert, at: number): void {
    this.sequence += 1;
    this.changes = [...this.changes, { type, at, sequence: this.sequence, alert }].slice(-maxChanges);
  }
}

/** Whether an alert waits for a silence that has ended: the next report has it announced. */
export function isAnnouncementDue({ active, silences }: AlertState, now: number): boolean {
  return active.some(
    (alert) => !alert.isAnnounced && !silences.some((silence) => isSilencedBy(silence, alert, now)),
  );
}

/**
 * Whether the report says something else than the book has of its reporter. The fence of one who takes over is news if there are
 * alerts that an earlier one could resolve.
 */
export function isNews(
  { reporters, active }: AlertState,
  { reporter, fence = 0, conditions, past = [] }: AlertReport,
): boolean {
  const before = reporters[reporter];
  const known = new Set(before?.keys);
  if (known.size > 0 && fence > (before?.fence ?? 0)) return true;
  const keys = new Set(conditions.map(alertKey));
  const isMissing = (key: string): boolean => !known.has(key) && active.length < maxActiveAlerts;
  return past.length > 0 || [...known].some((key) => !keys.has(key)) || [...keys].some(isMissing);
}
