/**
 * Reads what has happened in a call from its history and, for an activity that is running, from its description. It needs no
 * worker. domain/call-story.ts makes events from the result.
 */
import { readPayload } from '../../temporal-sdk/payloads.ts';
import { optionalTsToMs, tsToMs } from '../../temporal-sdk/timestamps.ts';
import protos, { type temporal as proto } from '@temporalio/proto';
import type { AskFailureDetails } from '../../activities/ask-failure.ts';
import type { AskRequest, AskResult } from '../../activities/call-agent.ts';
import type { CallInput, CallResult, Try } from '../../domain/call.ts';
import type { KnownAsk, KnownCall, KnownEnding } from '../../domain/call-story.ts';
import { isErrorType, isUnasked } from '../../domain/failures.ts';
import { askInTask, firstTriesIn } from './first-try-markers.ts';

/** An event of a workflow history, as Temporal's API has it. */
export type HistoryEvent = proto.api.history.v1.IHistoryEvent;

/** An activity that has not ended, from the description of its workflow. */
export type PendingActivity = proto.api.workflow.v1.IPendingActivityInfo;

const askActivity = 'callAgent';
const { PENDING_ACTIVITY_STATE_STARTED } = protos.temporal.api.enums.v1.PendingActivityState;
const { TIMEOUT_TYPE_SCHEDULE_TO_START } = protos.temporal.api.enums.v1.TimeoutType;

/**
 * Returns the id of the activity that is asking an agent now, if any. The tries of that activity are not in the history yet,
 * only in the description.
 */
export function openAskOf(events: readonly HistoryEvent[]): string | undefined {
  const scheduled = asksOf(events).at(-1);
  if (!scheduled || closeOf(events, scheduled)) return undefined;
  return scheduled.activityTaskScheduledEventAttributes?.activityId ?? undefined;
}

/**
 * Returns what is known about the call. Undefined if the history does not begin with the call's start. `pending` is from the
 * call's description.
 */
export function factsOf(
  callId: string,
  events: readonly HistoryEvent[],
  pending: readonly PendingActivity[],
): KnownCall | undefined {
  const [first] = events;
  const input = first && readPayload<CallInput>(first.workflowExecutionStartedEventAttributes?.input);
  if (!input) return undefined;
  const startedAt = tsToMs(first.eventTime);
  const last = events.at(-1);
  const ending = last && endingOf(last);
  return {
    callId,
    startedAt,
    queued: input.turn?.state === 'queued',
    asks: asksIn(events, input, pending, ending),
    ...(ending && { ending }),
  };
}

/** Returns the first tries that workflow tasks made and the schedulings of the activity, in the order of the history. */
function asksIn(
  events: readonly HistoryEvent[],
  { chain }: CallInput,
  pending: readonly PendingActivity[],
  ending: KnownEnding | undefined,
): KnownAsk[] {
  const first = firstTriesIn(events, chain).map((one) => ({ event: one.event, ask: askInTask(one, events) }));
  const scheduled = asksOf(events).map((event) => ({ event, ask: askOf(events, event, pending, ending) }));
  return [...first, ...scheduled]
    .sort((one, other) => Number(one.event.eventId) - Number(other.event.eventId))
    .map(({ ask }) => ask);
}

function asksOf(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === askActivity,
  );
}

function closeOf(events: readonly HistoryEvent[], { eventId }: HistoryEvent): HistoryEvent | undefined {
  return events.find((event) => {
    const closed =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes;
    return closed?.scheduledEventId && String(closed.scheduledEventId) === String(eventId);
  });
}

function askOf(
  events: readonly HistoryEvent[],
  event: HistoryEvent,
  pending: readonly PendingActivity[],
  ending: KnownEnding | undefined,
): KnownAsk {
  const scheduled = event.activityTaskScheduledEventAttributes;
  const request = readPayload<AskRequest>(scheduled?.input);
  const scheduledAt = tsToMs(event.eventTime);
  const earlier = request?.earlierTries ?? [];
  const ask = { agent: request?.agent.name ?? '', scheduledAt };
  const close = closeOf(events, event);
  if (close) return { ...ask, ...closedTries(close, earlier, request?.openSince ?? scheduledAt) };
  const activity = pending.find(({ activityId }) => activityId === scheduled?.activityId);
  if (activity) return { ...ask, ...pendingTries(activity, request, scheduledAt) };
  // The call has ended meanwhile: the agent was being asked, or was about to be.
  if (ending) return { ...ask, tries: earlier, openTryAt: request?.openSince ?? scheduledAt };
  return { ...ask, tries: earlier, retryAt: scheduledAt };
}

/**
 * Returns the tries of an activity that has ended. Follows the rules by which the workflow reads them (workflows/ask-agent.ts).
 */
function closedTries(
  close: HistoryEvent,
  earlier: readonly Try[],
  scheduledAt: number,
): Pick<KnownAsk, 'tries' | 'lastError' | 'openTryAt' | 'unasked'> {
  const { activityTaskCompletedEventAttributes: completed, activityTaskFailedEventAttributes: failed } =
    close;
  if (completed) return { tries: readPayload<AskResult>(completed.result)?.tries ?? earlier };
  if (failed) {
    const details = readPayload<AskFailureDetails>(failed.failure?.applicationFailureInfo?.details);
    const type = failed.failure?.applicationFailureInfo?.type;
    const closedAt = tsToMs(close.eventTime);
    return {
      tries: details?.tries ?? withLost(earlier, scheduledAt),
      lastError: failed.failure?.message ?? '',
      ...(isUnasked(type) && {
        // Nobody knows when a later try began; it was given up at once unless it waited for a slot.
        openTryAt: (details?.tries.length ?? 0) > earlier.length ? closedAt : scheduledAt,
        unasked: { at: closedAt, errorType: type },
      }),
    };
  }
  const timedOut = close.activityTaskTimedOutEventAttributes;
  if (!timedOut) return { tries: earlier, openTryAt: scheduledAt };
  const info = (timedOut.failure?.cause ?? timedOut.failure)?.timeoutFailureInfo;
  const tries = readPayload<Try[]>(timedOut.failure?.timeoutFailureInfo?.lastHeartbeatDetails) ?? earlier;
  const lastError = timedOut.failure?.message ?? '';
  if (info?.timeoutType === TIMEOUT_TYPE_SCHEDULE_TO_START) return { tries, lastError };
  return { tries: withLost(tries, scheduledAt), lastError };
}

/** Returns the tries of an activity that is running or waits for its next try. */
function pendingTries(
  activity: PendingActivity,
  request: AskRequest | undefined,
  scheduledAt: number,
): Omit<KnownAsk, 'agent' | 'scheduledAt'> {
  const { earlierTries: earlier = [], openSince } = request ?? {};
  const reported = readPayload<Try[]>(activity.heartbeatDetails) ?? [];
  let tries: readonly Try[] = reported.length > earlier.length ? reported : earlier;
  const over = earlier.length + (activity.attempt ?? 1) - 1;
  while (tries.length < over) tries = withLost(tries, scheduledAt, activity.lastFailure ?? undefined);
  const runs = activity.state === PENDING_ACTIVITY_STATE_STARTED;
  // The activity's first try is due as soon as it is scheduled, so it has no such time.
  const retryAt = optionalTsToMs(activity.nextAttemptScheduleTime) ?? scheduledAt;
  // The activity's first try joins the request that the workflow task left open.
  const openTryAt = tries.length === earlier.length ? openSince : undefined;
  return {
    tries,
    ...(runs && tries.length === over && { openTryAt: openTryAt ?? tsToMs(activity.lastStartedTime) }),
    ...(activity.lastFailure?.message != null && { lastError: activity.lastFailure.message }),
    ...(!runs && { retryAt }),
  };
}

/** Adds a try that left no record because its worker died. */
function withLost(
  tries: readonly Try[],
  scheduledAt: number,
  failure?: proto.api.failure.v1.IFailure,
): Try[] {
  const type = failure?.applicationFailureInfo?.type;
  const errorType = isErrorType(type) ? type : 'internal';
  const at = new Date(scheduledAt).toISOString();
  return [...tries, { attempt: tries.length + 1, errorType, lost: true, latencyMs: 0, at }];
}

function endingOf(event: HistoryEvent): KnownEnding | undefined {
  const at = tsToMs(event.eventTime);
  const completed = event.workflowExecutionCompletedEventAttributes;
  if (completed) {
    const result = readPayload<CallResult>(completed.result);
    return { type: 'answered', at, agent: result?.agentName ?? '' };
  }
  const failure = event.workflowExecutionFailedEventAttributes?.failure;
  if (failure) {
    const type = failure.applicationFailureInfo?.type;
    return {
      type: 'failed',
      at,
      errorType: isErrorType(type) ? type : 'internal',
      error: failure.message ?? '',
    };
  }
  if (event.workflowExecutionTimedOutEventAttributes)
    return { type: 'failed', at, errorType: 'deadline_exceeded', error: "The call's deadline passed" };
  if (event.workflowExecutionCanceledEventAttributes ?? event.workflowExecutionTerminatedEventAttributes)
    return { type: 'cancelled', at };
  return undefined;
}
