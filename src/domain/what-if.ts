/** Predicts from a call's recorded outcomes what today's routing would do with the call. No agent is asked. */
import { failureRow, type ErrorType } from './failures.ts';

/** What one agent did in the recorded call. */
export interface RecordedOutcome {
  readonly agent: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  readonly errorType?: ErrorType;
}

/** An agent of today's chain. */
export interface TodaysAgent {
  readonly name: string;
  /**
   * Whether the agent has been registered at another address since the call, so that its recorded outcome says nothing about
   * today.
   */
  readonly moved: boolean;
  /** Whether the agent is paused, and calls pass over it. */
  readonly paused?: boolean;
}

/** The chain that a call started now would have. */
export interface TodaysChain {
  /** The agents in the order in which they would be asked. */
  readonly agents: readonly TodaysAgent[];
  readonly unregistered: readonly string[];
  /** Set if the call would be refused: why. */
  readonly refusal?: string;
}

/** The prediction for one agent. */
export interface WhatIfStep {
  readonly agent: string;
  readonly outcome: 'as_recorded' | 'would_be_asked' | 'not_reached' | 'skipped';
  readonly errorType?: ErrorType;
}

/** The prediction for a call. */
export interface WhatIf {
  /** The first agent that would be asked and whose outcome is unknown. */
  readonly nextAgent?: string;
  readonly reason: string;
  readonly steps: readonly WhatIfStep[];
  /** Whether today's call would ask other agents than the recorded one, or in another order. */
  readonly changed: boolean;
}

/** Where the walk through the chain ends. */
interface End {
  readonly reason: string;
  readonly nextAgent?: string;
}

/**
 * Walks today's chain. An agent that the call asked is assumed to do the same again: answer, or fail so that the next agent
 * is asked, unless the failure does not fall back. The walk ends at the first agent without a recorded outcome: it would be
 * asked, and nothing after it can be predicted.
 */
export function whatIf(recorded: readonly RecordedOutcome[], today: TodaysChain): WhatIf {
  const asked = recorded.filter((outcome) => outcome.status !== 'skipped');
  const steps: WhatIfStep[] = today.unregistered.map((agent) => ({ agent, outcome: 'skipped' }));
  let end: End | undefined = today.refusal === undefined ? undefined : { reason: today.refusal };
  for (const agent of today.agents) {
    if (end) {
      steps.push({ agent: agent.name, outcome: 'not_reached' });
      continue;
    }
    if (agent.paused) {
      steps.push({ agent: agent.name, outcome: 'skipped', errorType: 'agent_paused' });
      continue;
    }
    const outcome = agent.moved ? undefined : asked.find((one) => one.agent === agent.name);
    steps.push(stepOf(agent.name, outcome));
    end = endAt(agent, outcome);
  }
  const reached = steps.filter(({ outcome }) => outcome === 'as_recorded' || outcome === 'would_be_asked');
  return {
    ...(end ?? { reason: reasonOfNobody(today) }),
    steps,
    changed:
      end?.nextAgent !== undefined ||
      reached.map(({ agent }) => agent).join('\n') !== asked.map(({ agent }) => agent).join('\n'),
  };
}

function stepOf(agent: string, outcome: RecordedOutcome | undefined): WhatIfStep {
  if (!outcome) return { agent, outcome: 'would_be_asked' };
  return { agent, outcome: 'as_recorded', ...(outcome.errorType && { errorType: outcome.errorType }) };
}

/** Returns why the walk through the chain ends at this agent; undefined if the next agent is asked. */
function endAt({ name, moved }: TodaysAgent, outcome: RecordedOutcome | undefined): End | undefined {
  if (!outcome) {
    const why = moved ? 'was registered at another address since' : 'was not asked by this call';
    return { nextAgent: name, reason: `Agent '${name}' ${why}` };
  }
  if (outcome.status === 'ok') return { reason: `Agent '${name}' answered` };
  const { errorType } = outcome;
  if (errorType && !failureRow(errorType).fallBack)
    return { reason: `Agent '${name}' failed with ${errorType}, which does not fall back` };
  return undefined;
}

function reasonOfNobody({ agents, unregistered }: TodaysChain): string {
  if (agents.length === 0)
    return `Agent '${unregistered[0] ?? ''}' is not registered: register it, or run the call again with another agent`;
  return "Every agent of today's chain failed this call, or is paused; register a fallback, or run it again once one is repaired";
}
