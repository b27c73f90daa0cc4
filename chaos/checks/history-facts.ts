/** Reads what the checks need out of one run's history. */
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

/** `load` reads a text that lies in the payload store. */
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
    // Every agent that a call comes to is first tried by a task, or none is: the chain names them in order.
    firstTries: events.filter(isFirstTry).map((_, index) => input?.chain[index]?.name ?? ''),
    asks: asksOf(events),
    ...(buildId && { buildId }),
  };
}

/** Its session's signal that it is the call's turn. */
function turnSentBy({ workflowExecutionSignaledEventAttributes: signal }: Event): TurnReply | undefined {
  return signal?.signalName === 'turnGranted' ? (firstOf(signal.input) as TurnReply | undefined) : undefined;
}

/** Of a session's run: who asked for a turn, and when. */
export function turnsAskedIn(history: History): { callId: string; at: number }[] {
  return (history.events ?? []).flatMap((event) => {
    const input = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    if (input?.name !== 'openTurn') return [];
    return [{ callId: String(firstOf(input.args)), at: timeOf(event) }];
  });
}

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

/** A granted turn comes back from a local activity when the call had to ask for it itself. */
function localResult({ markerRecordedEventAttributes: marker }: Event): TurnReply | undefined {
  const result = firstOf(marker?.details?.result);
  return typeof result === 'object' && result !== null ? (result as TurnReply) : undefined;
}

function isFirstTry({ markerRecordedEventAttributes: marker }: Event): boolean {
  const data = firstOf(marker?.details?.data) as { activity_type?: string } | undefined;
  return data?.activity_type === 'firstTry';
}

/** Temporal writes the first of a row of lost tasks as an event; of the others the last attempt's number tells. */
function tasksLostIn(events: readonly Event[]): number {
  const lost = events.filter(
    ({ workflowTaskTimedOutEventAttributes: timedOut, workflowTaskFailedEventAttributes: failed }) =>
      failed ?? timedOut?.timeoutType === TIMEOUT_TYPE_START_TO_CLOSE,
  );
  const attempts = events.map((event) => event.workflowTaskScheduledEventAttributes?.attempt ?? 1);
  return attempts.reduce((sum, attempt) => sum + Math.max(0, attempt - 2), lost.length);
}

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
