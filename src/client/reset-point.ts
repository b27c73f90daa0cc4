/** Where a call that ended by a fault of ours was good for the last time, read from its history. */
import proto from '@temporalio/proto';
import type { AskRequest } from '../activities/call-agent.ts';
import type { CallFailureDetails, CallInput } from '../domain/call.ts';
import { isErrorType } from '../domain/failures.ts';
import { firstTriesIn } from './first-try-markers.ts';
import { readPayload } from './read-payload.ts';

const { EventType } = proto.temporal.api.enums.v1;
type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/**
 * The id of the workflow task's end to reset to; what that task decided is decided anew. Where an agent's ask failed by a
 * fault of ours it is the task that asked it, itself or by the activity; otherwise the last that was completed, or the first that failed after it,
 * so that what came in before that one is kept. The refusal says why there is none.
 */
export function resetPoint(events: readonly HistoryEvent[]): number | { readonly refusal: string } {
  const end = events.at(-1);
  const refusal = end && whyNot(end);
  if (!end || refusal !== undefined) return { refusal: refusal ?? 'its history is empty' };
  const completed = events.findLast(
    ({ eventType }) => eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
  );
  const failed = events.find(
    ({ eventType, eventId }) =>
      eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED && idOf(eventId) > idOf(completed?.eventId),
  );
  const point = askedBy(events, failedAsk(end)) ?? failed?.eventId ?? completed?.eventId;
  return point ? idOf(point) : { refusal: 'it had come to nothing yet; run it again instead' };
}

/** Undefined: it ended by a fault of ours, or was terminated or timed out by Temporal. */
function whyNot(end: HistoryEvent): string | undefined {
  switch (end.eventType) {
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
      return undefined;
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
      return 'it was answered';
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
      return 'it was cancelled by its caller; run it again instead';
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: {
      const type = applicationFailureOf(end)?.type;
      if (!isErrorType(type) || type === 'internal') return undefined;
      return `it failed by ${type}, which is no fault of Holdfast; run it again instead`;
    }
    default:
      return 'its end is not known';
  }
}

/** The first agent whose ask was lost to us. */
function failedAsk(end: HistoryEvent): string | undefined {
  const details = readPayload<CallFailureDetails>(applicationFailureOf(end)?.details);
  return details?.attempts.find((attempt) => attempt.status === 'failed' && attempt.errorType === 'internal')
    ?.agent;
}

/** The workflow task that asked it: itself, or by the activity. */
function askedBy(events: readonly HistoryEvent[], agent: string | undefined) {
  if (agent === undefined) return undefined;
  const input = readPayload<CallInput>(events[0]?.workflowExecutionStartedEventAttributes?.input);
  const inTask = firstTriesIn(events, input?.chain ?? []).find((one) => one.agent === agent);
  if (inTask) return inTask.event.markerRecordedEventAttributes?.workflowTaskCompletedEventId;
  return events
    .map((event) => event.activityTaskScheduledEventAttributes)
    .find((scheduled) => scheduled && readPayload<AskRequest>(scheduled.input)?.agent.name === agent)
    ?.workflowTaskCompletedEventId;
}

function applicationFailureOf(end: HistoryEvent) {
  return end.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo;
}

function idOf(id: HistoryEvent['eventId']): number {
  return Number(id ?? 0);
}
