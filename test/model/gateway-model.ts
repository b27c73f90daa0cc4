/** What the gateway must look like from outside, kept in memory beside the real one. */
export interface ModelMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  readonly agent: string | null;
  readonly failed: boolean;
}

/** One life of a session, from its creation to its removal. */
export interface ModelSession {
  readonly messages: ModelMessage[];
}

/** A call in a session that has ended. */
export interface ModelCall {
  readonly id: string;
  readonly name: string;
  /** The life that accepted the call. */
  readonly session: ModelSession;
  /** What it left in its session: its messages; nothing, as it was cancelled while it waited; nothing, as the session was gone. */
  readonly left: 'messages' | 'nothing' | 'gone';
}

export interface Model {
  /** Registered agents and the fallbacks they name. */
  readonly agents: Map<string, { readonly kind: AgentKind; readonly fallbacks: readonly string[] }>;
  readonly sessions: Map<string, ModelSession>;
  readonly calls: ModelCall[];
  /** The last export, to be imported again. */
  exported:
    { readonly text: string; readonly sessions: ReadonlyMap<string, readonly ModelMessage[]> } | undefined;
}

export type AgentKind = 'echo' | 'refuse';

export const newModel = (): Model => ({
  agents: new Map(),
  sessions: new Map(),
  calls: [],
  exported: undefined,
});

/** Who of the chain answers, if anyone: breadth first, each once. The breaker is off. */
export function answererOf(model: Model, first: string): string | undefined {
  const seen = new Set([first]);
  const chain = [first];
  for (const name of chain) {
    const agent = model.agents.get(name);
    if (!agent) continue;
    if (agent.kind === 'echo') return name;
    for (const fallback of agent.fallbacks) {
      if (seen.has(fallback)) continue;
      seen.add(fallback);
      chain.push(fallback);
    }
  }
  return undefined;
}

/** Returns the session, which a call creates if it does not exist. */
export function openSession({ sessions }: Model, name: string): ModelSession {
  const session = sessions.get(name) ?? { messages: [] };
  sessions.set(name, session);
  return session;
}

/**
 * Returns what `GET /calls/{id}` may say of `session_stored`. Of a call whose session is gone Temporal may still have the closed
 * session, which tells whether it was closed before the call's end, or may not.
 */
export function storedNow({ sessions }: Model, { name, session, left }: ModelCall): (boolean | null)[] {
  if (left === 'nothing') return [false];
  if (left === 'gone') return [false, null];
  return sessions.get(name) === session ? [true] : [true, null];
}

/** What an echo agent answers to a prompt after so many messages. */
export const echoOf = (prompt: string, messages: number): string => `${messages}: ${prompt}`;

/** What an agent is sent before the prompt. */
export const windowOf = (messages: readonly ModelMessage[]): number =>
  messages.filter((message) => !message.failed).length;
