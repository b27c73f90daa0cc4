/**
 * Accessors for the texts of turns and messages. All code that reads or replaces such a text goes through this file, so that
 * only this file changes when a message gets parts (text, image, tool call) or a turn gets several messages.
 */
import type { CallInput, CallResult } from './call.ts';
import type { AppendedMessage, SessionMessage, TurnCommit, WindowMessage } from './session.ts';
import type { StoredText } from './stored-text.ts';

/** Returns the text of a message: a reference if the text is in the payload store and not loaded, otherwise the text itself. */
export function textOf<T extends StoredText>({ content }: { readonly content: T }): T {
  return content;
}

/** Returns a copy of the message with this text. */
export function withText<T extends StoredText>(
  message: SessionMessage,
  text: T,
): SessionMessage & { readonly content: T } {
  return { ...message, content: text };
}

/** Returns the prompt of a call: a reference if the text is in the payload store and not loaded, otherwise the text itself. */
export function promptOf<T extends StoredText>({ prompt }: { readonly prompt: T }): T {
  return prompt;
}

/** Returns a copy of the input with this prompt. */
export function withPrompt<T extends StoredText>(
  input: CallInput,
  prompt: T,
): CallInput & { readonly prompt: T } {
  return { ...input, prompt };
}

/** Returns the answer of a call's agent: the text itself, or a reference to it in the payload store. */
export function responseOf({ response }: { readonly response: StoredText }): StoredText {
  return response;
}

/** Makes the message with the call's prompt, which an agent gets after the window. */
export function promptMessage(call: { readonly prompt: StoredText }): WindowMessage {
  return { role: 'user', content: promptOf(call) };
}

/** Makes the message with the session's system prompt, which an agent gets before all others. */
export function systemMessage(system: StoredText): WindowMessage {
  return { role: 'system', content: system };
}

/** Returns the part of a message that an agent gets. */
export function windowMessage({ role, content }: WindowMessage): WindowMessage {
  return { role, content };
}

/**
 * Returns the messages that a call adds to its session, in order. `timestamp` is ISO 8601 UTC. `supersededBy` is the call that
 * interrupted it, if one has.
 */
export function messagesOf(
  { callId, prompt, answer }: TurnCommit,
  timestamp: string,
  supersededBy?: string,
): SessionMessage[] {
  const superseded = supersededBy !== undefined && { supersededBy };
  if (!answer) return [{ timestamp, role: 'user', content: prompt, callId, failed: true, ...superseded }];
  const { agent, content } = answer;
  return [
    { timestamp, role: 'user', content: prompt, callId },
    { timestamp, role: 'assistant', content, agent, callId },
  ];
}

/** Returns a message that is appended without a call, as the session stores it. `timestamp` is ISO 8601 UTC. */
export function appendedMessage(
  { role, content, agent }: AppendedMessage,
  timestamp: string,
): SessionMessage {
  return { timestamp, role, content, ...(agent !== undefined && { agent }) };
}

/** Returns what the end of a call adds to its session. `endedAt` is epoch ms; a call without a result has failed. */
export function commitOf(
  { callId, prompt, userId, metadata, turn }: CallInput,
  {
    endedAt,
    result,
    failure,
  }: {
    readonly endedAt: number;
    readonly result?: CallResult;
    readonly failure?: { readonly status: 'failed' | 'cancelled' };
  },
): TurnCommit {
  return {
    callId,
    prompt,
    ...(result && { answer: { agent: result.agentName, content: result.response } }),
    ...(userId !== undefined && { userId }),
    ...(metadata && { metadata }),
    ...(turn?.life !== undefined && { life: turn.life }),
    endedAt,
    ...(failure?.status === 'cancelled' && { cancelled: true }),
  };
}

/** Returns all texts that a call adds to its session. */
export function textsOf({ prompt, answer }: TurnCommit): StoredText[] {
  return answer ? [prompt, answer.content] : [prompt];
}

/**
 * Returns a copy of the commit in which each text is replaced by the result of `replace`, which is called for one text at a
 * time.
 */
export async function replaceTexts(
  commit: TurnCommit,
  replace: (text: StoredText) => Promise<StoredText>,
): Promise<TurnCommit> {
  const { prompt, answer } = commit;
  return {
    ...commit,
    prompt: await replace(prompt),
    ...(answer && { answer: { ...answer, content: await replace(answer.content) } }),
  };
}
