/** The milestones of one call, seen from outside: by its caller, its agent, and the timestamps of its history's events. */
import proto from '@temporalio/proto';
import { readPayload } from '../../src/temporal-sdk/payloads.ts';
import type { CallInput } from '../../src/domain/call.ts';

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;
type EventKind = proto.temporal.api.enums.v1.EventType;
const { EventType } = proto.temporal.api.enums.v1;

/** The times that the caller and the agent measured, in epoch ms with fractions. */
export interface Seen {
  readonly sentAt: number;
  /** When the last request to an agent arrived, and when it was answered. */
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly receivedAt: number;
}

export interface Span {
  readonly what: SpanName;
  readonly ms: number;
}

/** The names of the spans, in the order in which a call passes through them. */
export const spanNames = [
  'HTTP, validation, start',
  'HTTP, validation, the session opens the turn',
  'the turn comes back, start',
  'the first task comes back and asks',
  'the agent',
  "the activity's result is kept",
  'the last task ends the call',
  'the end is stored and reported, the answer sent',
] as const;

type SpanName = (typeof spanNames)[number];

/** Splits the time from the request to its answer into spans without gaps. Spans that the call does not have are left out. */
export function spansOf(seen: Seen, events: readonly HistoryEvent[]): Span[] {
  const [started] = events;
  const input = readPayload<CallInput>(started?.workflowExecutionStartedEventAttributes?.input);
  const granted = input?.turn?.state === 'granted' ? input.turn.grantedAt : undefined;
  const at = (type: EventKind): number | undefined =>
    timeOf(events.find(({ eventType }) => eventType === type));
  const moments: [SpanName, number | undefined][] = [
    ['HTTP, validation, the session opens the turn', granted],
    [granted === undefined ? 'HTTP, validation, start' : 'the turn comes back, start', timeOf(started)],
    ['the first task comes back and asks', seen.askedAt],
    ['the agent', seen.answeredAt],
    ["the activity's result is kept", at(EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)],
    ['the last task ends the call', timeOf(events.at(-1))],
    ['the end is stored and reported, the answer sent', seen.receivedAt],
  ];
  const spans: Span[] = [];
  let before = seen.sentAt;
  for (const [what, moment] of moments) {
    if (moment === undefined) continue;
    spans.push({ what, ms: moment - before });
    before = moment;
  }
  return spans;
}

function timeOf(event: HistoryEvent | undefined): number | undefined {
  if (!event?.eventTime) return undefined;
  const { seconds, nanos } = event.eventTime;
  return Number(seconds) * 1_000 + (nanos ?? 0) / 1_000_000;
}
