/** Extracts from the history of one run what the checks need. */
import { defaultPayloadConverter } from '@temporalio/common';
import { tsToMs } from '../../src/temporal-sdk/timestamps.ts';
import temporalProto from '@temporalio/proto';
import type { CallInput } from '../../src/domain/call.ts';
import type { TurnReply } from '../../src/domain/session.ts';
import type { StoredText } from '../../src/domain/stored-text.ts';
import type { CallFacts } from './evidence.ts';

const { TIMEOUT_TYPE_START_TO_CLOSE } = temporalProto.temporal.api.enums.v1.TimeoutType;

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
  const turns = [input?.turn, ...events.map((event) => localResult(event) ?? turnSentBy(event))];
  return {
    callId,
    runIds: [runId],
    prompt: await load(input?.prompt ?? ''),
    ...(input?.sessionId !== undefined && { sessionId: input.sessionId }),
    startedAt: timeOf(events[0]),
    endedAt: timeOf(events.at(-1)),
    lastTaskAt: timeOf(events.findLast(({ workflowTaskStartedEventAttributes: began }) => began)),
    deadlineMs: input?.deadlineMs ?? 0,
    endings: events.filter(isEnding).length,
    runs: 1,
    turnNumbers: turns.flatMap((turn) => (turn?.state === 'granted' ? [turn.turnNumber] : [])),
    tasksLost: tasksLostIn(events),
    // Either every agent of a call is first tried by a workflow task, or none is; so the n-th first try asked the n-th agent
    // of the chain.
    firstTries: events.filter(isFirstTry).map((_, index) => input?.chain[index]?.name ?? ''),
    asks: asksOf(events),
    ...(buildId && { buildId }),
  };
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
function localResult({ markerRecordedEventAttributes: marker }: Event): TurnReply | undefined {
  const result = firstOf(marker?.details?.result);
  return typeof result === 'object' && result !== null ? (result as TurnReply) : undefined;
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
  const [payload] = payloads?.payloads ?? [];
  return payload && defaultPayloadConverter.fromPayload(payload);
}

function timeOf(event: Event | undefined): number {
  return event?.eventTime ? tsToMs(event.eventTime) : 0;
}
