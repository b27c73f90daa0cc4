import type { CallEvent } from '../contract/call-events.ts';
import { cleanLine } from './clean.ts';

/** One harmless line for people. */
export function describeEvent(event: CallEvent): string {
  return cleanLine(lineOf(event));
}

function lineOf(event: CallEvent): string {
  switch (event.type) {
    case 'queued':
      return "waits for the session's turn";
    case 'turn_granted':
      return 'has the turn of its session';
    case 'attempt_started':
      return `asking ${event.agent}${event.try > 1 ? `, try ${event.try}` : ''}`;
    case 'attempt_failed': {
      const again = event.retry_at === null ? '' : `; asked again at ${event.retry_at}`;
      return `${event.agent} failed: ${reasonOf(event)}${again}`;
    }
    case 'failover':
      return `over from ${event.from} to ${event.to}`;
    case 'answered':
      return `${event.agent} answered after ${event.latency_ms} ms`;
    case 'failed':
      return `failed: ${reasonOf(event)}`;
    default: // What its type says, as does that of an event which only a newer node knows.
      return event.type;
  }
}

function reasonOf({ error_type, error }: { error_type: string; error: string | null }): string {
  return error === null ? error_type : `${error_type}: ${error}`;
}
