/** Implements the activity of the workflow `callbackDelivery`. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { CallbackActivities, CallbackDelivered } from '../../activities/deliveries.ts';
import type { Ending } from '../../domain/ending.ts';
import { projectOf } from '../../domain/project.ts';
import { eventBackoffMs } from '../../domain/retry.ts';
import type { DeliveryOutcome } from '../../domain/webhook.ts';
import type { SendResult } from '../../receivers/send-event.ts';
import { readCallRun } from '../calls/existing-call.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { bodyOfRun, nameOfEvent, unlessDeleted, type BodyParts } from './event-body.ts';
import { InFlight } from './in-flight.ts';
import type { WebhookSender } from './webhook-sender.ts';

interface Parts extends BodyParts {
  readonly temporal: Temporal;
  readonly sender: Pick<WebhookSender, 'sendCallback' | 'callbackOrigin'>;
  /** Called for each try. */
  readonly onOutcome: (outcome: DeliveryOutcome) => void;
}

/**
 * The most callbacks that a process sends at a time, and of these to one origin. They share the slots of activities with calls,
 * and a receiver that does not answer keeps each for the time limit of a try.
 */
const maxInFlight = 64;
const maxInFlightOfOrigin = 8;

export function createCallbackWork(parts: Parts): CallbackActivities {
  const deliver = createCallbacks(parts);
  return {
    deliverCallback(ending) {
      const { info, cancellationSignal: signal } = Context.current();
      return deliver(ending, { attempt: info.attempt, signal });
    },
  };
}

/** One attempt of the activity, the first is 1. */
interface Attempt {
  readonly attempt: number;
  readonly signal: AbortSignal;
}

/** Returns what sends callbacks, within the bounds of one process. */
export function createCallbacks(parts: Parts): (ending: Ending, of: Attempt) => Promise<CallbackDelivered> {
  const inFlight = new InFlight(maxInFlight, maxInFlightOfOrigin);
  return async (ending, of) => {
    const result = await inFlight.run((takeOrigin) => deliver(parts, ending, of, takeOrigin));
    if (result === 'busy') throw busy(of);
    return result;
  };
}

async function deliver(
  parts: Parts,
  ending: Ending,
  of: Attempt,
  takeOrigin: (origin: string) => boolean,
): Promise<CallbackDelivered | 'busy'> {
  const { temporal, sender, onOutcome } = parts;
  const { callId, runId } = ending;
  const run = await readCallRun(temporal, callId, runId).catch(unlessDeleted);
  if (run?.input.callbackUrl === undefined) {
    onOutcome('dropped');
    throw ApplicationFailure.nonRetryable('The call was deleted before', 'callback_dropped');
  }
  const to = { url: run.input.callbackUrl, project: projectOf(callId) };
  if (!takeOrigin(sender.callbackOrigin(to.url))) return 'busy';
  // With content, since the caller gave the URL with the call.
  const body = await bodyOfRun(parts, ending, run, true);
  const { eventId } = nameOfEvent(ending);
  const result = await sender.sendCallback(to, { eventId, text: body.text }, of.signal);
  onOutcome(result.ok ? 'delivered' : 'failed');
  if (!result.ok) throw failed(result, of);
  return { status: result.status };
}

/** `Retry-After` alone may be 0, with which Temporal would repeat it no more, or so short that it floods receiver and server. */
function failed(
  { error, gone, retryAfterSeconds = 0 }: Extract<SendResult, { ok: false }>,
  { attempt }: Attempt,
): ApplicationFailure {
  return ApplicationFailure.create({
    message: error,
    type: 'callback_failed',
    nonRetryable: gone === true,
    nextRetryDelay: Math.max(retryAfterSeconds * 1_000, eventBackoffMs(attempt, Math.random())),
  });
}

/** No try: nothing is sent or counted. Many become busy together, so their next times are spread widely. */
function busy({ attempt }: Attempt): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'Other callbacks are being sent: it waits for its turn',
    type: 'callback_busy',
    category: ApplicationFailureCategory.BENIGN, // Otherwise each turn that it waits is logged as a failure.
    nextRetryDelay: eventBackoffMs(attempt, 0.5) * (0.5 + Math.random()),
  });
}
