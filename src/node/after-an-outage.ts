/** When Temporal answers again after an outage, retries immediately what the SDK would retry only seconds later. */
import type { AgentRequests } from '../activities/agent-requests.ts';
import type { Membership } from '../membership/membership.ts';
import type { Log } from '../platform/logging.ts';
import type { RunningWorker } from '../platform/running-worker.ts';
import type { Calls } from '../services/calls/calls.ts';

interface Interrupted {
  readonly calls: Calls;
  readonly membership: Membership;
  readonly agentRequests: AgentRequests;
  /** The worker of this process; undefined if it runs none. */
  readonly worker: RunningWorker | undefined;
}

/**
 * If an outage lasts at least this long, the worker is replaced: its polls may then be further apart than the time that a new
 * worker takes to start.
 */
const renewWorkerAfterMs = 4_000;

/** Resumes what the outage interrupted. `awayMs` is how long the server did not answer. */
export function resumeAfterOutage(interrupted: Interrupted, awayMs: number, log: Log): void {
  const { calls, membership, agentRequests, worker } = interrupted;
  log.warn({ awayMs }, 'Temporal answers again');
  calls.retryOpenRpcs();
  membership.renewNow();
  if (awayMs < renewWorkerAfterMs || !worker) return;
  agentRequests.leaveAll();
  worker.renew().then(
    (fault) => {
      if (fault !== undefined) log.warn({ err: fault }, 'The previous worker stopped with an error');
    },
    (error: unknown) => log.error({ err: error }, 'The worker could not be renewed'),
  );
}
