/** What is sent of an alert. */
import { alertConditions, runbookOf, type Alert } from '../../domain/alert.ts';

/** `direct` is set on what a facade sends by itself, because nothing durable can run. */
export function alertData(alert: Alert, { direct = false } = {}) {
  const { id, condition, subject, agent, summary, values, since, firedAt, resolvedAt } = alert;
  return {
    id,
    condition,
    severity: alertConditions[condition].severity,
    subject,
    agent_name: agent ?? null,
    summary,
    values,
    since: new Date(since).toISOString(),
    fired_at: new Date(firedAt).toISOString(),
    resolved_at: resolvedAt === undefined ? null : new Date(resolvedAt).toISOString(),
    runbook: runbookOf(condition),
    url: '/api/vps/alerts',
    ...(direct && { direct: true }),
  };
}
