/**
 * The texts of turns and messages. Code that reads one, or puts another in its place, does it here: a message can then
 * have parts (text, an image, the call of a tool), and a turn several messages, with this file alone knowing their shape.
 */
import type { CallInput } from './call.ts';
import type { SessionMessage, TurnCommit, WindowMessage } from './session.ts';
import type { StoredText } from './stored-text.ts';

/** The text of a message; a string if it was loaded. */
export function textOf<T extends StoredText>({ content }: { readonly content: T }): T {
  return content;
}

/** The same message with this text. */
export function withText<T extends StoredText>(
  message: SessionMessage,
  text: T,
): SessionMessage & { readonly content: T } {
  return { ...message, content: text };
}

/** What a call asks; a string if it was loaded. */
export function promptOf<T extends StoredText>({ prompt }: { readonly prompt: T }): T {
  return prompt;
}

/** The same input with this prompt. */
export function withPrompt<T extends StoredText>(
  input: CallInput,
  prompt: T,
): CallInput & { readonly prompt: T } {
  return { ...input, prompt };
}

/** What the agent of an answered call said. */
export function responseOf({ response }: { readonly response: StoredText }): StoredText {
  return response;
}

/** The message by which an agent is asked; the window stands before it. */
export function promptMessage(call: { readonly prompt: StoredText }): WindowMessage {
  return { role: 'user', content: promptOf(call) };
}

/** What an agent sees of a message. */
export function windowMessage({ role, content }: WindowMessage): WindowMessage {
  return { role, content };
}

/** The messages that a call leaves in its session, in their order. `timestamp`: ISO 8601 UTC. */
export function messagesOf({ callId, prompt, answer }: TurnCommit, timestamp: string): SessionMessage[] {
  if (!answer) return [{ timestamp, role: 'user', content: prompt, callId, failed: true }];
  const { agent, content } = answer;
  return [
    { timestamp, role: 'user', content: prompt, callId },
    { timestamp, role: 'assistant', content, agent, callId },
  ];
}

/** Every text that a call leaves in its session. */
export function textsOf({ prompt, answer }: TurnCommit): StoredText[] {
  return answer ? [prompt, answer.content] : [prompt];
}

/** The same commit with what `replace` makes of each text, one after the other. */
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
