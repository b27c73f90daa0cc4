/** Extracts from the history of one run what the checks need. */
import { defaultPayloadConverter } from '@temporalio/common';
import { tsToMs } from '../../src/temporal-sdk/timestamps.ts';
import temporalProto from '@temporalio/proto';
import type { FoundCall } from '../../src/activities/turn-activities.ts';
import type { CallInput } from '../../src/domain/call.ts';
import type { TurnCommit, TurnReply, TurnWish } from '../../src/domain/turn.ts';
import type { StoredText } from '../../src/domain/stored-text.ts';
import type { CallFacts } from './evidence.ts';

const { TIMEOUT_TYPE_START_TO_CLOSE } = temporalProto.temporal.api.enums.v1.TimeoutType;

/** A call that starts later than this after its grant asks its session again (src/workflows/turn.ts). */
const grantStaleMs = 5_000;

export type History = temporalProto.temporal.api.history.v1.IHistory;
type Event = temporalProto.temporal.api.history.v1.IHistoryEvent;
type Payloads = temporalProto.temporal.api.common.v1.IPayloads;

/** The facts of one run of a call. `load` reads texts from the payload store. */
export async function callFactsOf(
  { callId, runId }: { callId: string; runId: string },
  history: History,
  load: (text: StoredText) => Promise<string>,
): Promise<CallFacts> {
  const events = history.events ?? [];
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const input = firstOf(started?.input) as CallInput | undefined;
  const buildId = events.findLast(({ workflowTaskCompletedEventAttributes: done }) => done)
    ?.workflowTaskCompletedEventAttributes?.workerVersion?.buildId;
  const turnNumber = turnNumberIn(events, input);
  const endedAt = timeOf(events.at(-1));
  return {
    callId,
    runIds: [runId],
    prompt: await load(input?.prompt ?? ''),
    ...(input?.sessionId !== undefined && { sessionId: input.sessionId }),
    startedAt: timeOf(events[0]),
    endedAt,
    endingKnownAt:
      turnNumber === undefined
        ? timeOf(events.findLast(({ workflowTaskStartedEventAttributes: began }) => began))
        : endedAt,
    deadlineMs: input?.deadlineMs ?? 0,
    endings: events.filter(isEnding).length,
    runs: 1,
    ...(turnNumber !== undefined && { turnNumber }),
    tasksLost: tasksLostIn(events),
    // Either every agent of a call is first tried by a workflow task, or none is; so the n-th first try asked the n-th agent
    // of the chain.
    firstTries: events.filter(isFirstTry).map((_, index) => input?.chain[index]?.name ?? ''),
    asks: asksOf(events),
    ...(buildId && { buildId }),
  };
}

/**
 * Returns the number of the turn that the call held at last. A turn that the call was started with does not count if the call
 * started so late that it had to ask again.
 */
function turnNumberIn(events: readonly Event[], input: CallInput | undefined): number | undefined {
  const { turn } = input ?? {};
  const inTime = turn?.state === 'granted' && timeOf(events[0]) - turn.grantedAt <= grantStaleMs;
  const turns = [
    inTime ? turn : undefined,
    ...events.map((event) => localResult(event) ?? turnSentBy(event)),
  ];
  return turns.flatMap((one) => (one?.state === 'granted' ? [one.turnNumber] : [])).at(-1);
}

/** Returns the turn that the session's signal `turnGranted` carries; undefined for any other event. */
function turnSentBy({ workflowExecutionSignaledEventAttributes: signal }: Event): TurnReply | undefined {
  return signal?.signalName === 'turnGranted' ? (firstOf(signal.input) as TurnReply | undefined) : undefined;
}

/** Returns the calls that asked for a turn in one run of a session, and when (epoch ms). */
export function turnsAskedIn(history: History): { callId: string; at: number }[] {
  return (history.events ?? []).flatMap((event) => {
    const input = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    if (input?.name !== 'openTurn') return [];
    return [{ callId: String(firstOf(input.args)), at: timeOf(event) }];
  });
}

/** Returns the endings that one run of a session was told, or found itself, and when (epoch ms). */
export function endingsTakenIn(history: History): { callId: string; at: number }[] {
  return (history.events ?? []).flatMap((event) =>
    endingsIn(event).map(({ callId }) => ({ callId, at: timeOf(event) })),
  );
}

function endingsIn(event: Event): readonly TurnCommit[] {
  const signal = event.workflowExecutionSignaledEventAttributes;
  if (signal?.signalName === 'commitTurn') return [firstOf(signal.input) as TurnCommit];
  const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
  if (update?.name === 'settleTurn') return [firstOf(update.args) as TurnCommit];
  if (update?.name === 'openTurn') return (valueOf(update.args, 3) as TurnWish | undefined)?.taken ?? [];
  const found = resultOf(event) as FoundCall | undefined;
  return found?.state === 'ended' && found.commit ? [found.commit] : [];
}

/** Returns when the run started, in epoch ms. */
export function startOf(history: History): number {
  return timeOf(history.events?.[0]);
}

function isEnding(event: Event): boolean {
  return Boolean(
    event.workflowExecutionCompletedEventAttributes ??
    event.workflowExecutionFailedEventAttributes ??
    event.workflowExecutionCanceledEventAttributes ??
    event.workflowExecutionTimedOutEventAttributes ??
    event.workflowExecutionTerminatedEventAttributes,
  );
}

/**
 * Returns the result of a local activity if it is an object; undefined for any other event. A call that must itself ask for its
 * turn does so in a local activity.
 */
function localResult(event: Event): TurnReply | undefined {
  return resultOf(event) as TurnReply | undefined;
}

function resultOf({ markerRecordedEventAttributes: marker }: Event): object | undefined {
  const result = firstOf(marker?.details?.result);
  return typeof result === 'object' && result !== null ? result : undefined;
}

function isFirstTry({ markerRecordedEventAttributes: marker }: Event): boolean {
  const data = firstOf(marker?.details?.data) as { activity_type?: string } | undefined;
  return data?.activity_type === 'firstTry';
}

/**
 * Counts the workflow tasks that were lost. Temporal records only the first of several consecutive lost tasks as an event; the
 * attempt number of the next task that succeeds gives the number of the others.
 */
function tasksLostIn(events: readonly Event[]): number {
  const lost = events.filter(
    ({ workflowTaskTimedOutEventAttributes: timedOut, workflowTaskFailedEventAttributes: failed }) =>
      failed ?? timedOut?.timeoutType === TIMEOUT_TYPE_START_TO_CLOSE,
  );
  const attempts = events.map((event) => event.workflowTaskScheduledEventAttributes?.attempt ?? 1);
  return attempts.reduce((sum, attempt) => sum + Math.max(0, attempt - 2), lost.length);
}

/** Returns the activities of a call that asked an agent, with the number of tries that each was allowed. */
function asksOf(events: readonly Event[]): { agent: string; tries: number }[] {
  return events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (!scheduled) return [];
    const request = firstOf(scheduled.input) as { agent: { name: string } } | undefined;
    return [{ agent: request?.agent.name ?? '', tries: scheduled.retryPolicy?.maximumAttempts ?? 1 }];
  });
}

function firstOf(payloads: Payloads | null | undefined): unknown {
  return valueOf(payloads, 0);
}

function valueOf(payloads: Payloads | null | undefined, index: number): unknown {
  const payload = payloads?.payloads?.[index];
  return payload && defaultPayloadConverter.fromPayload(payload);
}

function timeOf(event: Event | undefined): number {
  return event?.eventTime ? tsToMs(event.eventTime) : 0;
}
