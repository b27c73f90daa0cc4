/** Parses the nondeterminism error of Temporal's core, to find out where the history and the code differ. */
import type { History } from '../temporal-sdk/history-json.ts';
import { readPayload } from '../temporal-sdk/payloads.ts';
import proto from '@temporalio/proto';
import type { Divergence } from './verdict.ts';

const { EventType } = proto.temporal.api.enums.v1;

type Event = proto.temporal.api.history.v1.IHistoryEvent;

/** Finds Temporal's message within the debug dump of its error. Undefined if the error is not about nondeterminism. */
export function divergenceOf(error: string, history: History): Divergence | undefined {
  const [sentence] = /Nondeterminism error: [^"\\]+/.exec(error) ?? [];
  if (sentence === undefined) return undefined;
  const event = eventOf(sentence, history.events ?? []);
  return {
    eventId: event ? Number(event.eventId) : null,
    expected: event ? describe(event) : null,
    message: withoutDump(sentence),
  };
}

/**
 * Finds the event that the message is about. The message names an event id, a local activity's number, or an activity's type or
 * id.
 */
function eventOf(sentence: string, events: readonly Event[]): Event | undefined {
  const id = /HistoryEvent(?:\(id: | \{ event_id: )(\d+)/.exec(sentence)?.[1];
  if (id !== undefined) return events.find((event) => String(event.eventId) === id);
  const sequence = /LocalActivity\((\d+)\)/.exec(sentence)?.[1];
  if (sequence !== undefined) return events.find((event) => localActivityOf(event)?.seq === Number(sequence));
  const [, what, value] = /Activity (type|id) of scheduled event '([^']*)'/.exec(sentence) ?? [];
  return events.find(({ activityTaskScheduledEventAttributes: scheduled }) =>
    what === 'type' ? scheduled?.activityType?.name === value : what && scheduled?.activityId === value,
  );
}

function describe(event: Event): string {
  const type = (EventType[event.eventType ?? 0] ?? '').replace('EVENT_TYPE_', '');
  const name =
    event.activityTaskScheduledEventAttributes?.activityType?.name ??
    localActivityOf(event)?.activity_type ??
    event.markerRecordedEventAttributes?.markerName ??
    event.timerStartedEventAttributes?.timerId;
  return [pascalCase(type), name].filter(Boolean).join(' ');
}

function localActivityOf(event: Event): { seq?: number; activity_type?: string } | undefined {
  try {
    return readPayload(event.markerRecordedEventAttributes?.details?.['data']);
  } catch {
    return undefined; // Another kind of marker.
  }
}

function pascalCase(constant: string): string {
  return constant.toLowerCase().replaceAll(/(?:^|_)(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

function withoutDump(sentence: string): string {
  return sentence
    .replace(/HistoryEvent \{ event_id: (\d+), .*?event_type: (\w+),.*/s, 'HistoryEvent(id: $1, $2)')
    .trim();
}
