/** What today's routing would do with a call of yesterday, told from its recorded outcomes: nobody is asked. */
import { failureRow, type ErrorType } from './failures.ts';

export interface RecordedOutcome {
  readonly agent: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  readonly errorType?: ErrorType;
}

/** An agent of today's chain. */
export interface TodaysAgent {
  readonly name: string;
  /** Registered at another address since: what was recorded tells nothing of it. */
  readonly moved: boolean;
}

export interface TodaysChain {
  /** In the order that a call of now would ask. */
  readonly agents: readonly TodaysAgent[];
  readonly unregistered: readonly string[];
}

export interface WhatIfStep {
  readonly agent: string;
  readonly outcome: 'as_recorded' | 'would_be_asked' | 'not_reached' | 'skipped';
  readonly errorType?: ErrorType;
}

export interface WhatIf {
  /** The first agent whose answer is not known. */
  readonly nextAgent?: string;
  readonly reason: string;
  readonly steps: readonly WhatIfStep[];
  /** Other agents would be asked than were, or in another order. */
  readonly changed: boolean;
}

/** Where the walk ends. */
interface End {
  readonly reason: string;
  readonly nextAgent?: string;
}

/**
 * Walks today's chain. An agent that was asked does as it did: it answers, or fails and the next one is asked, unless
 * its failure does not fall back. The first one without a recorded outcome would be asked, and nobody knows the rest.
 */
export function whatIf(recorded: readonly RecordedOutcome[], today: TodaysChain): WhatIf {
  const asked = recorded.filter((outcome) => outcome.status !== 'skipped');
  const steps: WhatIfStep[] = today.unregistered.map((agent) => ({ agent, outcome: 'skipped' }));
  let end: End | undefined;
  for (const agent of today.agents) {
    if (end) {
      steps.push({ agent: agent.name, outcome: 'not_reached' });
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

/** Undefined: the next agent is asked. */
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
  return "Every agent of today's chain failed this call; register a fallback, or run it again once one is repaired";
}
