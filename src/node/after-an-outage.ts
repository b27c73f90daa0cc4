/** Once Temporal answers again after an outage, retries at once what the SDK would retry only seconds later. */
import type { AgentRequests } from '../activities/agent-requests.ts';
import type { Membership } from '../membership/membership.ts';
import type { Log } from '../platform/logging.ts';
import type { RunningWorker } from '../platform/running-worker.ts';
import type { Calls } from '../services/calls/calls.ts';

interface Interrupted {
  readonly calls: Calls;
  readonly membership: Membership;
  readonly agentRequests: AgentRequests;
  /** Undefined if this process runs no worker. */
  readonly worker: RunningWorker | undefined;
}

/** After an outage this long, a worker's polls may be further apart than a new worker takes to start. */
const renewWorkerAfterMs = 4_000;

/** `awayMs`: how long the server did not answer. */
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
