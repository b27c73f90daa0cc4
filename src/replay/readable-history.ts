/**
 * Checks a history before it is replayed. The check is needed because Temporal's core never returns from an incomplete
 * history.
 */
import { historyFromJSON, type History } from '../temporal-sdk/history-json.ts';

/** Decodes a history from JSON. Throws an `Error` that says what is wrong if the JSON is not a complete history. */
export function readableHistory(json: unknown): History {
  const events = (json as { events?: unknown } | null)?.events;
  if (!Array.isArray(events) || events.length === 0)
    throw new Error('It is not a Temporal history: it has no events');
  const history = historyFromJSON(json);
  if (!history.events?.[0]?.workflowExecutionStartedEventAttributes)
    throw new Error('The history is incomplete: its first event is not WorkflowExecutionStarted');
  history.events.forEach(({ eventId }, index) => {
    if (Number(eventId) !== index + 1)
      throw new Error(`The history is incomplete: event ${index + 1} has the id ${String(eventId)}`);
  });
  return history;
}
