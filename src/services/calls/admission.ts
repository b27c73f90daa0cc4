/** Admission control: a call beyond a limit is refused at once, so that nothing piles up (I7). */
import type { AgentConfig } from '../../domain/agent.ts';
import { Refusal } from '../../domain/failures.ts';
import { jsonBytes } from '../../domain/json-bytes.ts';
import type { Semaphore } from '../../lib/semaphore.ts';
import type { CallsInFlight, Outcome, Payer } from './calls-in-flight.ts';

interface AdmissionDependencies {
  readonly inFlight: CallsInFlight;
  readonly limits: { readonly maxCallsInFlight: number };
}

interface AdmittedCall {
  readonly callId: string;
  readonly prompt: string;
  readonly deadlineMs: number;
  readonly payer?: Payer | undefined;
}

/** How long after its deadline a call has certainly ended. */
const overdueMs = 60_000;

/**
 * Counts the call as in flight until it ends, and charges it. A repeat of a call in flight is always admitted, because it adds no
 * load. Returns the function that takes the request's outcome: see `CallsInFlight.enter`. Throws the refusal `overloaded` if
 * this node or the agent already has the most calls in flight that it may have, and those of `payer`.
 */
export function admit(
  deps: AdmissionDependencies,
  { callId, prompt, deadlineMs, payer }: AdmittedCall,
  agent: AgentConfig,
): (outcome: Outcome) => void {
  const { inFlight } = deps;
  payer?.requirePrompt(jsonBytes(prompt)); // It may be another request with the id of a call in flight.
  const isRepeat = inFlight.has(callId);
  if (!isRepeat) checkLoad(deps, agent);
  const charge = isRepeat ? undefined : payer?.charge();
  return inFlight.enter(callId, agent.name, deadlineMs + overdueMs, charge);
}

function checkLoad({ inFlight, limits }: AdmissionDependencies, agent: AgentConfig): void {
  const bounds = [
    { name: 'node', open: inFlight.size, quota: limits.maxCallsInFlight, who: 'This node' },
    {
      name: 'agent',
      open: inFlight.ofAgent(agent.name),
      quota: agent.maxConcurrency ?? Infinity,
      who: `Agent '${agent.name}'`,
    },
  ];
  for (const { name, open, quota, who } of bounds)
    if (open >= quota)
      throw new Refusal('overloaded', `${who} has ${open} calls in flight here, its limit`, {
        retryAfterSeconds: 1,
        limit: { name, quota },
      });
}

/** Makes the refusal for a call that was admitted but got no permit of `starts` within `startPatienceMs`. */
export function waitedTooLong({
  starts,
  limits,
}: {
  readonly starts: Semaphore;
  readonly limits: { readonly startPatienceMs: number };
}): Refusal {
  const seconds = limits.startPatienceMs / 1_000;
  const message = `The call waited ${seconds} s to be started, behind others; ${starts.waiting} still wait`;
  return new Refusal('overloaded', message, {
    retryAfterSeconds: Math.max(1, Math.ceil(seconds / 2)),
    limit: { name: 'starts', quota: starts.permits },
  });
}
