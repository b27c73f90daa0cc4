/** A request's wait for a slot of its agent (`max_concurrency`). */
import { AgentError } from '../agents/transport.ts';
import type { AgentConfig } from '../domain/agent.ts';
import type { KeyedSemaphores } from '../lib/keyed-semaphores.ts';
import type { Release } from '../lib/semaphore.ts';
import { AgentPausedError, type AgentPauses } from './agent-pauses.ts';

/** How often a request that waits for a slot looks whether its agent is paused. */
const lookForPauseMs = 500;

/** Like `slotOf`, but throws `AgentPausedError` once the agent is paused: its requests may hold the slots for long. */
export async function slotUnlessPaused(
  { slots, pauses }: { readonly slots: KeyedSemaphores; readonly pauses: Pick<AgentPauses, 'pauseOf'> },
  agent: AgentConfig,
  signal: AbortSignal,
): Promise<Release> {
  if (agent.maxConcurrency === undefined) return slotOf(slots, agent, signal);
  const paused = new AbortController();
  const looking = setInterval(() => {
    const pause = pauses.pauseOf(agent.name);
    if (pause) paused.abort(new AgentPausedError(agent.name, pause));
  }, lookForPauseMs);
  try {
    return await slotOf(slots, agent, AbortSignal.any([signal, paused.signal]));
  } catch (error) {
    if (paused.signal.aborted) throw paused.signal.reason as Error;
    throw error;
  } finally {
    clearInterval(looking);
  }
}

/** Waits for one of the agent's slots. Throws `no_slot` if none comes free within the agent's share of the deadline. */
async function slotOf(slots: KeyedSemaphores, agent: AgentConfig, signal: AbortSignal): Promise<Release> {
  const { name, maxConcurrency } = agent;
  if (maxConcurrency === undefined) {
    signal.throwIfAborted();
    return () => undefined;
  }
  try {
    return await slots.acquire(name, maxConcurrency, { signal });
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const message = `Its max_concurrency of ${maxConcurrency} left no slot free in time, so it was not asked; raise max_concurrency or the call's deadline`;
    throw new AgentError('no_slot', message, { cause: error });
  }
}
