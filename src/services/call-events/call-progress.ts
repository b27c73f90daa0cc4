/**
 * Reads how far a running call has come from its history. The workflow is not queried: a query needs a worker, and one that
 * reaches a worker while a workflow task waits for a local activity can make the SDK lose that task (ADR 0015).
 */
import { agentTimeMs } from '../../domain/agent-time.ts';
import type { Attempt, CallInput, CallProgress } from '../../domain/call.ts';
import { byAgent, failureOf, type Asked, type KnownCall } from '../../domain/call-story.ts';

/** Returns the attempts that have ended, without that of the agent that is asked now, and how long the call was queued. */
export function progressOf(input: CallInput, { asks, queued, startedAt }: KnownCall): CallProgress {
  const [first] = asks;
  const unregistered = input.unregistered.map((agent): Attempt => ({
    agent,
    status: 'skipped',
    error: `Agent '${agent}' not registered`,
  }));
  return {
    chain: input.chain.map(({ name }) => name),
    attempts: [...unregistered, ...byAgent(asks).slice(0, -1).map(failedAttempt)],
    queuedMs: queued && first ? first.scheduledAt - startedAt : 0,
    ...(queued && !first && { waitsForTurn: true }),
  };
}

/** Makes the attempt of an agent after which another one was asked. */
function failedAttempt({ last, errors }: Asked): Attempt {
  const { agent, tries, unasked, lastError } = last;
  return {
    agent,
    status: 'failed',
    errorType: failureOf(last),
    error: (unasked ? lastError : errors.get(tries.length)) ?? '',
    tries,
    latencyMs: agentTimeMs(tries),
  };
}
