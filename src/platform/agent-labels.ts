/**
 * Which agents are values of labels: those of the directory. All others share one word, so that the number of series stays
 * bounded, however often agents come and go.
 */

/** Stands for all agents that are not in the directory (any more). */
export const otherAgents = '(other)';

/** What a process knows of the agent directory. */
export interface KnownAgents {
  isRegistered(name: string): boolean;
  /** Changes whenever the copy of the directory does. */
  readonly revision: number;
}

interface Waiting {
  readonly agents: readonly string[];
  readonly count: (labels: readonly string[]) => void;
}

/** How many counts wait, at most, for the directory to be read. */
const maxWaiting = 10_000;

export class AgentLabels {
  private readonly directory: KnownAgents;
  private readonly waiting: Waiting[] = [];

  constructor(directory: KnownAgents) {
    this.directory = directory;
  }

  /** Returns the label of the agent, as far as this process knows. */
  labelOf(agent: string): string {
    return this.directory.isRegistered(agent) ? agent : otherAgents;
  }

  /**
   * Calls `count` with the labels of the agents: at once if this process knows them all, otherwise once it has read the
   * directory again, since another process may have just registered them.
   */
  count(agents: readonly string[], count: (labels: readonly string[]) => void): void {
    if (agents.every((one) => this.directory.isRegistered(one))) count(agents);
    else this.waiting.push({ agents, count });
    if (this.waiting.length > maxWaiting) this.settle(1);
  }

  /** Reads the directory by `read`, then counts what had waited before. */
  async settleAfter(read: () => Promise<void>): Promise<void> {
    const before = this.waiting.length;
    await read();
    this.settle(before);
  }

  private settle(most: number): void {
    for (const { agents, count } of this.waiting.splice(0, most))
      count(agents.map((agent) => this.labelOf(agent)));
  }
}
