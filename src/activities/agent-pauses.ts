/** What a process that asks agents knows of those that operators have paused (ADR 0042). */
import { AgentError } from '../agents/transport.ts';
import { pausedText, type AgentPause } from '../domain/agent-pause.ts';

export interface AgentPauses {
  /** Resolves once this process has read which agents are paused, or cannot find out in time. Never rejects. */
  known(): Promise<void>;
  /** Whether this process has read it. Before, it does not know of any pause. */
  readonly isKnown: boolean;
  /** Returns the pause of the agent, from memory. Undefined if it is in rotation. */
  pauseOf(agent: string): AgentPause | undefined;
}

/** The agent is paused, so it was not asked. */
export class AgentPausedError extends AgentError {
  /** Whether the call waits until the agent is resumed. Otherwise it passes on. */
  readonly waits: boolean;

  constructor(agent: string, pause: AgentPause) {
    super('agent_paused', `${pausedText(agent, pause)}; it was not asked`);
    this.waits = pause.newCalls === 'wait';
  }
}

/** Throws `AgentPausedError` if the agent is paused. */
export function refusePaused(pauses: Pick<AgentPauses, 'pauseOf'>, agent: string): void {
  const pause = pauses.pauseOf(agent);
  if (pause) throw new AgentPausedError(agent, pause);
}
