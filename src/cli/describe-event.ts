import type { CallEvent } from '../contract/call-events.ts';
import { sanitizeLine } from './sanitize.ts';

/** Describes an event of a call in one line, which is safe to print on a terminal. */
export function describeEvent(event: CallEvent): string {
  return sanitizeLine(lineOf(event));
}

function lineOf(event: CallEvent): string {
  switch (event.type) {
    case 'queued':
      return 'waits for its turn in the session';
    case 'turn_granted':
      return 'has its turn in the session';
    case 'attempt_started':
      return `asking ${event.agent}${event.try > 1 ? `, try ${event.try}` : ''}`;
    case 'attempt_failed': {
      const again = event.retry_at === null ? '' : `; next try at ${event.retry_at}`;
      return `${event.agent} failed: ${reasonOf(event)}${again}`;
    }
    case 'failover':
      return `failover from ${event.from} to ${event.to}`;
    case 'answered':
      return `${event.agent} answered after ${event.latency_ms} ms`;
    case 'failed':
      return `failed: ${reasonOf(event)}`;
    default: // The type says it all; it also describes event types that only a newer node knows.
      return event.type;
  }
}

function reasonOf({ error_type, error }: { error_type: string; error: string | null }): string {
  return error === null ? error_type : `${error_type}: ${error}`;
}
