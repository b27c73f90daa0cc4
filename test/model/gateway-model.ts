/** What the gateway must look like from outside, kept in memory beside the real one. */
export interface ModelMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  readonly agent: string | null;
  readonly failed: boolean;
}

export interface Model {
  /** Registered agents and the fallbacks they name. */
  readonly agents: Map<string, { readonly kind: AgentKind; readonly fallbacks: readonly string[] }>;
  readonly sessions: Map<string, ModelMessage[]>;
  /** The last export, to be imported again. */
  exported: { readonly text: string; readonly sessions: ReadonlyMap<string, ModelMessage[]> } | undefined;
}

export type AgentKind = 'echo' | 'refuse';

export const newModel = (): Model => ({ agents: new Map(), sessions: new Map(), exported: undefined });

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

/** What an echo agent answers to a prompt after so many messages. */
export const echoOf = (prompt: string, messages: number): string => `${messages}: ${prompt}`;

/** What an agent is sent before the prompt. */
export const windowOf = (messages: readonly ModelMessage[]): number =>
  messages.filter((message) => !message.failed).length;
