/** What calls say and are told: the messages of a turn, and the texts of a call's input and result. */
import type { CallInput, CallResult } from './call.ts';
import { replaceTexts, textsIn } from './content.ts';
import type { NewMessage, SessionMessage, WindowMessage } from './message.ts';
import type { TurnCommit } from './turn.ts';
import type { StoredText } from './stored-text.ts';

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
export function messagesOf(commit: TurnCommit, timestamp: string, supersededBy?: string): SessionMessage[] {
  const { callId } = commit;
  const { messages, failed } = turnOf(commit);
  return messages.map((message) => ({
    ...newMessage(message, timestamp),
    callId,
    ...(failed && { failed }),
    ...(failed && supersededBy !== undefined && { supersededBy }),
  }));
}

/** Returns a message that is added to a session, as the session stores it. `timestamp` is ISO 8601 UTC. */
export function newMessage({ role, content, agent }: NewMessage, timestamp: string): SessionMessage {
  return { timestamp, role, content, ...(agent !== undefined && { agent }) };
}

/** Returns what a call with this prompt adds to its session; without an answer it has failed. */
export function turnWith(
  prompt: StoredText,
  answer?: { readonly agent: string; readonly content: StoredText },
): Required<Pick<TurnCommit, 'messages'>> & Pick<TurnCommit, 'failed'> {
  const question = promptMessage({ prompt });
  return answer
    ? { messages: [question, { role: 'assistant', ...answer }] }
    : { messages: [question], failed: true };
}

/** Returns what the call adds, also from the commit of an older call. */
function turnOf({ messages, failed, prompt = '', answer }: TurnCommit) {
  return messages ? { messages, failed } : turnWith(prompt, answer);
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
    ...turnWith(prompt, result && { agent: result.agentName, content: result.response }),
    ...(userId !== undefined && { userId }),
    ...(metadata && { metadata }),
    ...(turn?.life !== undefined && { life: turn.life }),
    endedAt,
    ...(failure?.status === 'cancelled' && { cancelled: true }),
  };
}

/** Returns all texts that a call adds to its session. */
export function textsOf(commit: TurnCommit): StoredText[] {
  return turnOf(commit).messages.flatMap(({ content }) => textsIn(content));
}

/** Returns a copy of the commit in which each text is replaced by the result of `replace`, called for one text at a time. */
export async function withTexts(
  { prompt, answer, ...commit }: TurnCommit,
  replace: (text: StoredText) => Promise<StoredText>,
): Promise<TurnCommit> {
  if (commit.messages) {
    const messages: NewMessage[] = [];
    for (const message of commit.messages)
      messages.push({ ...message, content: await replaceTexts(message.content, replace) });
    return { ...commit, messages };
  }
  return {
    ...commit,
    ...(prompt !== undefined && { prompt: await replace(prompt) }),
    ...(answer && { answer: { ...answer, content: await replace(answer.content) } }),
  };
}
