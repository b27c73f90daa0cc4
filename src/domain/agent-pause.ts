/** What becomes of calls while an agent is paused. Shown in docs and OpenAPI. */
export const newCallsModes = {
  fall_back: 'calls pass over the agent to its fallbacks; a call for which nobody is left is refused',
  refuse: 'a call that names the agent is refused; others pass over it',
  wait: "calls wait in their workflow until the agent is resumed, at most for its share of the call's deadline",
} as const;

export type NewCalls = keyof typeof newCallsModes;

/** Why, since when and how an agent is out of rotation. Times are epoch ms. */
export interface AgentPause {
  readonly since: number;
  /** When the agent counts as resumed. Absent: not before somebody resumes it. */
  readonly until?: number;
  readonly reason?: string;
  readonly newCalls: NewCalls;
  /** Who paused the agent: the name of a person or the id of an API key. Absent where no key is needed. */
  readonly by?: string;
}

/** The most characters of a reason. */
export const maxReasonLength = 200;

/** Whether the pause still holds. One whose end has passed counts as ended everywhere, without anybody ending it. */
export function isInForce({ until }: AgentPause, nowMs: number): boolean {
  return until === undefined || nowMs < until;
}

/** Says that the agent is paused, until when and why. */
export function pausedText(agent: string, { until, reason }: AgentPause): string {
  const end = until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
  return `Agent '${agent}' is paused${end}${reason === undefined ? '' : `: ${reason}`}`;
}

/**
 * Returns the pause for which a call with this chain is refused; undefined if the call is accepted. It is refused if its first
 * agent refuses calls, or is passed over and none of the others can be asked or waited for.
 */
export function refusingPause(
  chain: readonly { readonly name: string }[],
  pauseOf: (agent: string) => AgentPause | undefined,
): AgentPause | undefined {
  const pauses = chain.map(({ name }) => pauseOf(name));
  const [first] = pauses;
  if (first?.newCalls === 'refuse') return first;
  return pauses.every((pause) => pause && pause.newCalls !== 'wait') ? first : undefined;
}
