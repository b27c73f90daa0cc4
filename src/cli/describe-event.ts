import { cleanLine } from './clean.ts';

/** Of `GET /calls/{id}/events`; which members are there depends on the type. */
export interface CallEvent {
  readonly type: string;
  readonly at: string;
  readonly agent?: string;
  readonly attempt?: number;
  readonly error_type?: string | null;
  readonly error?: string | null;
  readonly retry_at?: string | null;
  readonly from?: string;
  readonly to?: string;
  readonly latency_ms?: number | null;
}

/** One harmless line for people. */
export function describeEvent(data: unknown): string {
  const event = data as CallEvent;
  const { type, agent = '', attempt, error_type, error, retry_at, from = '', to = '', latency_ms } = event;
  const why = [error_type, error].filter((part) => part != null).join(': ');
  const lines: Readonly<Record<string, string>> = {
    accepted: 'accepted',
    queued: "waits for the session's turn",
    turn_granted: 'has the turn of its session',
    attempt_started: `asking ${agent}${attempt !== undefined && attempt > 1 ? `, attempt ${attempt}` : ''}`,
    attempt_failed: `${agent} failed: ${why}${retry_at == null ? '' : `; asked again at ${retry_at}`}`,
    failover: `over from ${from} to ${to}`,
    answered: `${agent} answered${latency_ms == null ? '' : ` after ${latency_ms} ms`}`,
    failed: `failed: ${why}`,
    cancelled: 'cancelled',
  };
  return cleanLine(lines[type] ?? type);
}
