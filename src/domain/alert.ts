/** Alerts: what they are about, and what the cluster keeps of each. Times are epoch ms by Temporal's clock. */
import { defaultProject } from './project.ts';

interface ConditionRow {
  readonly severity: 'critical' | 'warning';
  /** What is wrong while an alert of this condition is active. */
  readonly what: string;
  /** What the subject is. */
  readonly subject: string;
}

/** All conditions: the API, the desk, docs/webhooks.md and docs/operations.md show these words. */
export const alertConditions = {
  agent_unreachable: {
    severity: 'critical',
    what: 'an agent cannot be reached, or its circuit is open',
    subject: 'the agent',
  },
  error_rate_high: {
    severity: 'critical',
    what: 'too many calls fail',
    subject: 'the agent that callers named; blank for all calls',
  },
  failovers_high: {
    severity: 'warning',
    what: 'too many calls are answered by a fallback',
    subject: 'none',
  },
  queue_wait_high: {
    severity: 'warning',
    what: 'calls wait too long for the turn of their session',
    subject: 'none',
  },
  calls_refused: {
    severity: 'critical',
    what: 'calls are refused for lack of room',
    subject: 'the reason, as in holdfast_admission_rejected_total',
  },
  no_workers: {
    severity: 'critical',
    what: 'Temporal answers, but no worker polls for calls',
    subject: 'none',
  },
  temporal_unreachable: { severity: 'critical', what: 'Temporal does not answer', subject: 'none' },
  disk_low: {
    severity: 'critical',
    what: 'a disk has less room than is reserved, so that nothing new is accepted',
    subject: 'the host',
  },
  retention_near: {
    severity: 'warning',
    what: 'Temporal will soon delete failed calls that no archive has',
    subject: 'none',
  },
  webhook_parked: {
    severity: 'warning',
    what: 'events of a webhook were given up',
    subject: "the webhook's id",
  },
} as const satisfies Record<string, ConditionRow>;

export type AlertCondition = keyof typeof alertConditions;
export const alertConditionNames = Object.keys(alertConditions) as [AlertCondition, ...AlertCondition[]];

/** The line of the docs that says what to do. */
export const runbookOf = (condition: AlertCondition): string => `docs/operations.md#${condition}`;

/** Numbers that say how bad it is, by what they count. */
export type AlertValues = Readonly<Record<string, number>>;

/** What holds now, as one reporter sees it. */
export interface ReportedCondition {
  readonly condition: AlertCondition;
  /** What it is about; blank for the whole cluster. */
  readonly subject: string;
  /** The agent that it is about. Absent if it is about none. */
  readonly agent?: string;
  /** Absent: `default`. */
  readonly project?: string;
  /** Since when it holds. */
  readonly since: number;
  readonly summary: string;
  readonly values: AlertValues;
}

/** Something that held while nothing durable could run. */
export interface PastCondition extends ReportedCondition {
  readonly firedAt: number;
  readonly resolvedAt: number;
}

/** Who has seen an alert and takes care of it. */
export interface Acknowledgement {
  readonly at: number;
  readonly by: string;
  readonly note: string;
}

/** One occurrence of a condition. What it says is what held when it fired. */
export interface Alert extends ReportedCondition {
  readonly id: string;
  readonly firedAt: number;
  /** Absent while it is active. */
  readonly resolvedAt?: number;
  /** Whether webhooks were told that it fired: those of a silenced alert are not. */
  readonly isAnnounced: boolean;
  readonly acknowledged?: Acknowledgement;
}

/** Keeps alerts from being announced until it ends. */
export interface Silence {
  readonly id: string;
  /** It acts on the alerts of this project. Absent: `default`. */
  readonly project?: string;
  /** Absent: alerts of every condition. */
  readonly condition?: AlertCondition;
  /** Absent: alerts about everything. */
  readonly subject?: string;
  readonly from: number;
  readonly until: number;
  readonly reason: string;
  readonly by: string;
}

type Key = Pick<ReportedCondition, 'condition' | 'subject'>;

/** What identifies the alert among those that are active. */
export const alertKey = ({ condition, subject }: Key): string => `${condition} ${subject}`;

export const projectOfAlert = ({ project }: { readonly project?: string }): string =>
  project ?? defaultProject;

/** Returns the id of an occurrence: the same for whoever knows when it fired. */
export function alertIdOf({ condition, subject }: Key, firedAt: number): string {
  return `${condition}-${shortHash(subject)}-${Math.floor(firedAt).toString(36)}`;
}

export function isSilencedBy(silence: Silence, alert: ReportedCondition, now: number): boolean {
  return (
    silence.until > now &&
    projectOfAlert(silence) === projectOfAlert(alert) &&
    (silence.condition === undefined || silence.condition === alert.condition) &&
    (silence.subject === undefined || silence.subject === alert.subject)
  );
}

/** FNV-1a of 32 bits, in base 36: workflow code has no hash function of Node's. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text)
    hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193) >>> 0;
  return hash.toString(36);
}
