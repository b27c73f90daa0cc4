/** Alerts and silences as the API shows them. */
import type * as wire from '../../contract/alerts.ts';
import {
  alertConditions,
  isSilencedBy,
  projectOfAlert,
  runbookOf,
  type Alert,
  type Silence,
} from '../../domain/alert.ts';
import { iso } from '../calls/wire.ts';

/** `silences` are those that may be about it, `now` is epoch ms. */
export function alertToWire(alert: Alert, silences: readonly Silence[], now: number): wire.Alert {
  const { id, condition, subject, agent, summary, values, resolvedAt, acknowledged } = alert;
  const silenced = resolvedAt === undefined ? silences.filter((one) => isSilencedBy(one, alert, now)) : [];
  const until = Math.max(...silenced.map((one) => one.until));
  return {
    id,
    condition,
    severity: alertConditions[condition].severity,
    project: projectOfAlert(alert),
    subject,
    agent_name: agent ?? null,
    summary,
    values,
    state: resolvedAt === undefined ? 'active' : 'resolved',
    since: iso(alert.since),
    fired_at: iso(alert.firedAt),
    resolved_at: resolvedAt === undefined ? null : iso(resolvedAt),
    announced: alert.isAnnounced,
    silenced_until: silenced.length > 0 ? iso(until) : null,
    acknowledged: acknowledged ? { ...acknowledged, at: iso(acknowledged.at) } : null,
    runbook: runbookOf(condition),
  };
}

export function silenceToWire(silence: Silence): wire.Silence {
  const { id, condition, subject, from, until, reason, by } = silence;
  return {
    id,
    project: projectOfAlert(silence),
    condition: condition ?? null,
    subject: subject ?? null,
    from: iso(from),
    until: iso(until),
    reason,
    by,
  };
}
