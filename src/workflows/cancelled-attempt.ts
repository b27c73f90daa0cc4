/** The attempt of the agent at which a call was when it was cancelled. */
import { CancellationScope, patched, proxyLocalActivities } from '@temporalio/workflow';
import type { EndUnlessAskedActivity } from '../activities/end-unless-asked.ts';
import type { AgentConfig } from '../domain/agent.ts';
import { agentTimeMs } from '../domain/agent-time.ts';
import type { Attempt, Try } from '../domain/call.ts';
import { causeOf } from './read-ask-failure.ts';

interface CancelledAsk {
  readonly callId: string;
  readonly agent: AgentConfig;
  /** When the call came to the agent (epoch ms). */
  readonly startedAt: number;
  /** Whether the call waited until the agent, which was paused, is resumed. */
  readonly awaitsResume: boolean;
  /** The tries that had ended. */
  readonly tries: readonly Try[];
}

/** Makes the agent's attempt in a call that was cancelled. */
export async function attemptOfCancelled(ask: CancelledAsk): Promise<Attempt> {
  const { awaitsResume, tries, startedAt } = ask;
  const { name, maxConcurrency = 0 } = ask.agent;
  if (awaitsResume) return unaskedAttempt(name, tries, 'the agent, which is paused, was resumed');
  if (await endUnlessAsked(ask)) return cancelledAttempt(name, tries, startedAt);
  return unaskedAttempt(name, tries, `max_concurrency of ${maxConcurrency} left a slot free`);
}

/**
 * Returns, for a cancelled call, whether the agent was asked. Ends a request that still waits for a slot of `max_concurrency`;
 * such a request was not sent. Without that limit a request never waits.
 */
async function endUnlessAsked({ callId, agent }: CancelledAsk): Promise<boolean> {
  if (agent.maxConcurrency === undefined || !patched('cancelled-without-slot')) return true;
  const local = proxyLocalActivities<EndUnlessAskedActivity>({
    startToCloseTimeout: '1 s',
    retry: { maximumAttempts: 1 },
  });
  try {
    return await CancellationScope.nonCancellable(() => local.endUnlessAsked({ callId, agent: agent.name }));
  } catch (error) {
    if (causeOf(error)) return true;
    throw error;
  }
}

function unaskedAttempt(name: string, earlier: readonly Try[], before: string): Attempt {
  const again = earlier.length > 0 ? 'again' : 'at all';
  return {
    agent: name,
    status: 'failed',
    errorType: 'cancelled',
    error: `The call was cancelled before ${before}: it was not asked ${again}`,
    tries: earlier,
    latencyMs: agentTimeMs(earlier),
  };
}

/**
 * Makes the attempt for a cancelled call. The activity's own retries are unknown here, so the try in flight is added as one
 * try.
 */
function cancelledAttempt(agent: string, earlier: readonly Try[], startedAt: number): Attempt {
  const latencyMs = Date.now() - startedAt;
  const at = new Date(startedAt).toISOString();
  const tries: Try[] = [...earlier, { attempt: earlier.length + 1, errorType: 'cancelled', latencyMs, at }];
  return {
    agent,
    status: 'failed',
    errorType: 'cancelled',
    error: 'The call was cancelled',
    tries,
    latencyMs,
  };
}
