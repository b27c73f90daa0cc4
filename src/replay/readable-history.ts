/** JSON that should be a Temporal history: Temporal's core waits for ever for the end of one that is not. */
import { historyFromJSON, type History } from '../temporal-sdk/history-json.ts';

/** Throws with what is wrong. */
export function readableHistory(json: unknown): History {
  const events = (json as { events?: unknown } | null)?.events;
  if (!Array.isArray(events) || events.length === 0)
    throw new Error('It is no Temporal history: it has no events');
  const history = historyFromJSON(json);
  if (!history.events?.[0]?.workflowExecutionStartedEventAttributes)
    throw new Error('It is no whole history: its first event is not WorkflowExecutionStarted');
  history.events.forEach(({ eventId }, index) => {
    if (Number(eventId) !== index + 1)
      throw new Error(`It is no whole history: where event ${index + 1} should be is ${String(eventId)}`);
  });
  return history;
}
