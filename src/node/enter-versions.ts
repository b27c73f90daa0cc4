/** Checks at the start of a worker whether its version gets new calls, and logs if it does not (ADR 0012). */
import type { Temporal } from '../services/temporal/rpc.ts';
import { promoteIfFirst } from '../services/temporal/worker-versions.ts';
import type { Log } from '../platform/logging.ts';
import { StartupError } from '../platform/startup-error.ts';

/**
 * Call this for a worker that has begun to poll. If no version is current yet, makes the worker's version current. Returns
 * whether new calls go to workers of this version. Throws `StartupError`.
 */
export async function enterVersions(
  temporal: Temporal,
  buildId: string | undefined,
  log: Log,
): Promise<boolean> {
  const place = await promoteIfFirst(temporal, buildId);
  if (!place)
    throw new StartupError(
      `Temporal does not list version ${String(buildId)} of ${temporal.taskQueue}: the server may not have Worker Versioning; unset HOLDFAST_BUILD_ID`,
    );
  const { current, promoted } = place;
  if (promoted) log.info({ buildId }, 'No version was current: this one is now');
  if (current === buildId) return true;
  if (buildId === undefined)
    log.warn(
      `Version ${String(current)} is current, and this worker has no HOLDFAST_BUILD_ID: it is given nothing. Set it, or run: npm run promote -- --unversioned`,
    );
  else
    log.warn(
      `Version ${String(current)} is current: this worker, of ${buildId}, is given no new calls until you run: npm run promote -- ${buildId}`,
    );
  return false;
}
