/** The messages of a session, and those that an agent gets. */
import type { Content } from './content.ts';

/** Metadata that callers attach; a session merges that of all its calls. */
export type Metadata = Readonly<Record<string, unknown>>;

/** A message in the form in which an agent gets it. */
export interface WindowMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: Content;
}

/** A message as a session stores it. */
export interface SessionMessage extends WindowMessage {
  /** ISO 8601 UTC. */
  readonly timestamp: string;
  /** The agent that answered; only on an assistant's message. */
  readonly agent?: string;
  readonly callId?: string;
  /** Set on a user message whose call failed. The message is kept for people and never sent to an agent. */
  readonly failed?: true;
  /** The call that interrupted this one; only on a failed message. */
  readonly supersededBy?: string;
  /**
   * Set if the text is lost; `content` then says so. It is set when a damaged payload store is read, and kept by an export and
   * import; also if Temporal removed the call before the session had its ending.
   */
  readonly lost?: true;
}

/** A message that is added to a session, by a call or without one. */
export interface NewMessage extends WindowMessage {
  /** Who said it; only on an assistant's message. */
  readonly agent?: string;
}
