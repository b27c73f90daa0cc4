import type { AgentHealth } from '../../../src/contract/health.ts';
import { CallLink } from '../ui/call-link.tsx';
import { ErrorType } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';

/** The newest failures of an agent, at most `most`. */
export function RecentErrors({ health, most }: { health: AgentHealth; most: number }) {
  if (health.recent_errors.length === 0) return <p class="hint">No recent errors.</p>;
  return (
    <ul class="recent" aria-label="Last errors">
      {health.recent_errors.slice(0, most).map((error) => (
        <li key={`${error.call_id} ${error.at}`}>
          <Time at={error.at} /> <ErrorType of={error.error_type} />{' '}
          {error.call_id === null ? 'a call of another project' : <CallLink id={error.call_id} />}
        </li>
      ))}
    </ul>
  );
}
