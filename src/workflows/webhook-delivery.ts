/**
 * Delivers the events of one webhook, one activity after the other. Each reads the log of endings and keeps in the payload store
 * how far it has come, so a delivery that somebody ends in Temporal goes on there with the next event.
 */
import {
  ActivityCancellationType,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  DeliveryRest,
  DeliveryActivities,
  DeliveryJob,
  DeliveryStart,
  LogGap,
} from '../activities/deliveries.ts';
import { maxRanges } from '../domain/delivery-state.ts';
import { addJobUpdate, retrySignal, wakeSignal } from './messages.ts';

// A dead worker is replaced after the heartbeat timeout. An activity that is asked to end finishes what it is sending.
const { deliverEvents } = proxyActivities<DeliveryActivities>({
  startToCloseTimeout: '30 min',
  heartbeatTimeout: '10 s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 s', maximumInterval: '60 s' },
});

/** The pause before the next activity if one was ended and has done nothing. */
const pauseMs = 1_000;

export async function webhookDelivery({ id, jobs: initial }: DeliveryStart): Promise<void> {
  const jobs: DeliveryJob[] = [...initial];
  /** The first segment with events that no activity was told of. */
  let woken: number | undefined;
  /** The end of the log, if the activity before has read it. A new run does not know. */
  let caughtUpAt: number | undefined;
  let running: CancellationScope | undefined;
  /** Whether what waits is to be sent now. It is no job, so that it is never refused. */
  let mustRetry = false;
  const retryJobs = (): DeliveryJob[] => (mustRetry ? [{ kind: 'retry' }] : []);
  setHandler(wakeSignal, (segment) => {
    woken = Math.min(woken ?? segment, segment);
  });
  setHandler(retrySignal, () => {
    mustRetry = true;
    running?.cancel();
  });
  setHandler(
    addJobUpdate,
    (job) => {
      jobs.push(job);
      running?.cancel();
      return null;
    },
    {
      validator: (job: DeliveryJob) => {
        if (jobs.length < maxRanges) return;
        const why = `${maxRanges} redeliveries of this webhook wait, so none of the kind '${job.kind}' is taken: try again when they are done`;
        throw ApplicationFailure.nonRetryable(why, 'redeliveries_full');
      },
    },
  );
  for (;;) {
    const skip: LogGap | undefined =
      caughtUpAt !== undefined && woken !== undefined ? { after: caughtUpAt, to: woken } : undefined;
    woken = undefined;
    caughtUpAt = undefined;
    const taken = jobs.length;
    const retries = retryJobs();
    mustRetry = false;
    running = new CancellationScope();
    const delivered: DeliveryRest | undefined = await running
      .run(() => deliverEvents({ id, jobs: [...retries, ...jobs.slice(0, taken)], ...(skip && { skip }) }))
      .catch(unlessEnding);
    running = undefined;
    if (!delivered) {
      mustRetry ||= retries.length > 0;
      await sleep(pauseMs);
      continue;
    }
    jobs.splice(0, taken);
    if (delivered.removed) return;
    const { againInMs } = delivered;
    ({ caughtUpAt } = delivered);
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof webhookDelivery>({ id, jobs: [...retryJobs(), ...jobs] });
    }
    const isDue = (): boolean => woken !== undefined || mustRetry || jobs.length > 0;
    await (againInMs === undefined ? condition(isDue) : condition(isDue, againInMs));
  }
}

/**
 * Temporal repeats an activity whatever its error, but not once somebody has asked it to end: then it may also have ended without
 * a worker, or with the death of its worker.
 */
function unlessEnding(error: unknown): undefined {
  if (CancellationScope.current().consideredCancelled) throw error;
}
