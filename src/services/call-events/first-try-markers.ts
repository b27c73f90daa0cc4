/** Reads the tries that a call's workflow tasks made themselves (the first-task path). The history has one marker for each. */
import { readPayload } from '../../temporal-sdk/payloads.ts';
import { optionalTsToMs, tsToMs } from '../../temporal-sdk/timestamps.ts';
import type { temporal as proto } from '@temporalio/proto';
import type { AskFailureDetails } from '../../activities/ask-failure.ts';
import type { FirstTry } from '../../activities/first-try.ts';
import type { KnownAsk } from '../../domain/call-story.ts';
import { isUnasked } from '../../domain/failures.ts';

type HistoryEvent = proto.api.history.v1.IHistoryEvent;

/** The data that Temporal's SDK core writes into the marker of a local activity. */
interface MarkerData {
  readonly activity_type: string;
  readonly original_schedule_time?: { readonly seconds: number; readonly nanos: number } | null;
}

/** A first try, as its marker event records it. */
export interface FirstTryMarker {
  readonly event: HistoryEvent;
  readonly agent: string;
  /** Epoch ms. */
  readonly scheduledAt: number;
  readonly tried: FirstTry | Failed;
}

type Failed = {
  readonly state: 'failed';
  readonly type: string;
  readonly message: string;
} & Partial<AskFailureDetails>;

/**
 * Returns the first tries, in order. Either all agents that a call reaches are first tried in this way, or none is. So the n-th
 * marker belongs to the n-th agent of the chain.
 */
export function firstTriesIn(
  events: readonly HistoryEvent[],
  chain: readonly { readonly name: string }[],
): FirstTryMarker[] {
  return events
    .flatMap((event) => {
      const data = readPayload<MarkerData>(event.markerRecordedEventAttributes?.details?.['data']);
      return data?.activity_type === 'firstTry' ? [{ event, data }] : [];
    })
    .map(({ event, data }, index) => {
      const tried = triedIn(event);
      const scheduledAt = startOf(tried) ?? scheduleTimeOf(data) ?? tsToMs(event.eventTime);
      return { event, agent: chain[index]?.name ?? '', scheduledAt, tried };
    });
}

function triedIn({ markerRecordedEventAttributes: marker }: HistoryEvent): FirstTry | Failed {
  const result = readPayload<FirstTry>(marker?.details?.['result']);
  if (result) return result;
  const { type, details } = marker?.failure?.applicationFailureInfo ?? {};
  const message = marker?.failure?.message ?? '';
  return { state: 'failed', type: type ?? '', message, ...readPayload<AskFailureDetails>(details) };
}

/**
 * Returns the start of the try, in epoch ms by the server's clock. The marker's own time is by the clock of the worker's
 * machine.
 */
function startOf(tried: FirstTry | Failed): number | undefined {
  if (tried.state === 'open') return tried.openSince;
  const [first] = tried.state === 'cancelled' ? [] : (tried.tries ?? []);
  return first && Date.parse(first.at);
}

/** Converts a marker to the type that domain/call-story.ts makes events from. */
export function askInTask(marker: FirstTryMarker, events: readonly HistoryEvent[]): KnownAsk {
  const { agent, scheduledAt, tried } = marker;
  const ask = { agent, scheduledAt };
  switch (tried.state) {
    case 'answered':
      return { ...ask, tries: tried.tries };
    case 'open':
      return { ...ask, tries: [], openTryAt: tried.openSince };
    case 'cancelled':
      return { ...ask, tries: [], openTryAt: scheduledAt };
    case 'failed': {
      const retryAt = tried.retryInMs === undefined ? undefined : endOfPause(marker, events);
      const failed = { ...ask, tries: tried.tries ?? [], lastError: tried.message };
      const { type } = tried;
      const at = tsToMs(marker.event.eventTime);
      return {
        ...failed,
        ...(retryAt !== undefined && { retryAt }),
        ...(isUnasked(type) && { openTryAt: scheduledAt, unasked: { at, errorType: type } }),
      };
    }
  }
}

/**
 * Returns when the backoff before the next try ends (epoch ms). The workflow started a timer for it in the same task. Undefined
 * without such a timer, i.e. if too little of the deadline was left.
 */
function endOfPause({ event }: FirstTryMarker, events: readonly HistoryEvent[]): number | undefined {
  const task = String(event.markerRecordedEventAttributes?.workflowTaskCompletedEventId);
  const timer = events.find(
    ({ timerStartedEventAttributes: timer }) => timer && String(timer.workflowTaskCompletedEventId) === task,
  );
  const pauseMs = optionalTsToMs(timer?.timerStartedEventAttributes?.startToFireTimeout);
  return timer && pauseMs !== undefined ? tsToMs(timer.eventTime) + pauseMs : undefined;
}

function scheduleTimeOf({ original_schedule_time: time }: MarkerData): number | undefined {
  return time ? time.seconds * 1_000 + Math.floor(time.nanos / 1_000_000) : undefined;
}
