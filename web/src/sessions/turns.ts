/** The turns of a session: the messages of one call, or one message of no call. */
import type { Message } from '../../../src/contract/sessions.ts';

/** Whether a fork may end with the message at this place of the list. */
export function endsTurn(messages: readonly Message[], index: number): boolean {
  const { call_id, lost, role } = messages[index] ?? {};
  // A notice stands for messages that are lost.
  if (lost && role === 'system') return false;
  return call_id === null || messages[index + 1]?.call_id !== call_id;
}

/** The last turn of a session, if it is that of a call. */
export interface LastTurn {
  readonly callId: string;
  readonly prompt: string;
  /** The agent that answered; null if the call failed. */
  readonly answeredBy: string | null;
  /** How many of the session's messages are before it. */
  readonly number: number;
}

/** Finds the last turn. Undefined if its messages are of no call, or its prompt is lost. */
export function lastTurnOf(messages: readonly Message[], total: number): LastTurn | undefined {
  const last = messages.at(-1);
  if (!last || last.call_id === null) return undefined;
  const index = messages.findIndex(({ call_id }) => call_id === last.call_id);
  const first = messages[index];
  if (first?.role !== 'user' || first.lost) return undefined;
  return {
    callId: last.call_id,
    prompt: first.content,
    answeredBy: last.agent,
    number: total - messages.length + index,
  };
}
