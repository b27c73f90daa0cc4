/** Reports to the cluster's alerts which conditions hold, as far as one process can say it. */
import {
  alertKey,
  type AlertCondition,
  type PastCondition,
  type ReportedCondition,
} from '../../domain/alert.ts';
import { maxActiveAlerts, type AlertState } from '../../domain/alert-book.ts';
import type { Alerts } from './alerts.ts';

/** Looks whether some conditions hold. */
export interface ConditionSource {
  readonly conditions: readonly AlertCondition[];
  /** What it throws leaves the alerts of its conditions as they are. */
  readonly read: (now: number) => Promise<readonly ReportedCondition[]>;
}

export interface ReporterParts {
  readonly alerts: Pick<Alerts, 'read' | 'report'>;
  readonly sources: readonly ConditionSource[];
  /** Returns who reports. */
  readonly reporter: () => string;
  readonly fence?: number;
  /** What was over before it could be reported, oldest first. What was reported is taken from it. */
  readonly past?: PastCondition[];
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
  /** Called with what a source throws. */
  readonly onFailed: (error: unknown) => void;
}

/** Reports once. Throws the refusal `temporal_unavailable`. */
export async function reportOnce(parts: ReporterParts): Promise<void> {
  const { alerts, sources, fence, past = [], now, onFailed } = parts;
  const reporter = parts.reporter();
  const state = await alerts.read();
  const conditions: ReportedCondition[] = [];
  for (const source of sources) {
    try {
      conditions.push(...(await source.read(now())));
    } catch (error) {
      onFailed(error);
      conditions.push(...reportedBefore(state, reporter, source));
    }
  }
  const over = [...past];
  const report = {
    reporter,
    ...(fence !== undefined && { fence }),
    conditions: conditions.slice(0, maxActiveAlerts),
    ...(over.length > 0 && { past: over }),
  };
  await alerts.report(report, now(), state);
  past.splice(0, over.length);
}

function reportedBefore(
  { active, reporters }: AlertState,
  reporter: string,
  { conditions }: ConditionSource,
): ReportedCondition[] {
  const keys = new Set(reporters[reporter]?.keys);
  return active.filter((alert) => conditions.includes(alert.condition) && keys.has(alertKey(alert)));
}
