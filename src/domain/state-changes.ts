/** The latest changes of the agents' statuses, numbered for as long as the workflow `agentHealth` lives. */
import { healthStatus, healthWindow, type AgentHealth, type HealthStatus } from './health.ts';

/** One change of an agent's status. */
export interface StateChange {
  readonly agent: string;
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  /** When it was noticed. Epoch ms, by Temporal's clock. */
  readonly at: number;
  /** 1 for the first change of all agents, and one more for each. */
  readonly sequence: number;
}

/** The form in which a run of the workflow hands them to the next one. */
export interface KeptChanges {
  /** The sequence number of the newest change; 0 if there was none. */
  readonly sequence: number;
  /** Oldest first. */
  readonly changes: readonly StateChange[];
}

/** How many changes are kept: as many as there may be agents, because all of them may fail at the same time. */
export const maxStateChanges = 1_200;

export class StateChanges {
  private newest: number;
  private changes: StateChange[];

  constructor({ sequence, changes }: KeptChanges = { sequence: 0, changes: [] }) {
    this.newest = sequence;
    this.changes = [...changes];
  }

  /** The sequence number of the newest change; 0 if there was none. */
  get sequence(): number {
    return this.newest;
  }

  get kept(): KeptChanges {
    return { sequence: this.newest, changes: this.changes };
  }

  /** Adds a change, unless `from` and `to` are equal. Drops the oldest one if there are too many. */
  note(agent: string, from: HealthStatus, to: HealthStatus, at: number): void {
    if (from === to) return;
    this.newest += 1;
    this.changes.push({ agent, from, to, at, sequence: this.newest });
    if (this.changes.length > maxStateChanges) this.changes.shift();
  }

  /** Returns the kept changes after this one, oldest first. */
  after(sequence: number): StateChange[] {
    return this.changes.filter((change) => change.sequence > sequence);
  }
}

/**
 * Returns when an agent's status is no longer the given one without anything that happens, because outcomes become too old to
 * count: epoch ms, `nowMs` if it is another one already. Undefined if it stays.
 */
export function statusEndsAt(health: AgentHealth, status: HealthStatus, nowMs: number): number | undefined {
  // Its outcomes are all good, or the last one alone decides.
  if (status === 'healthy' || status === 'unreachable') return undefined;
  const expiries = health.recent.map(({ at }) => at + healthWindow.maxAgeMs + 1).filter((at) => at > nowMs);
  return [nowMs, ...expiries.sort((one, other) => one - other)].find(
    (at) => healthStatus(health, at) !== status,
  );
}
