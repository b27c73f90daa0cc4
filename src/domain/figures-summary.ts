/** What people and programs read of figures: counts, and percentiles of what was measured. */
import type { Distribution } from './distribution.ts';
import {
  addRow,
  byText,
  count,
  entryOf,
  noFigures,
  type AgentFigures,
  type FiguresRow,
  type Tally,
} from './figures.ts';
import { allProjects } from './project.ts';

/** Which figures are wanted. */
export interface FiguresFilter {
  /** `*`: of all projects together. */
  readonly project: string;
  /** Calls that named this agent, and its attempts. Default: all agents. */
  readonly agent?: string | undefined;
}

/** Percentiles in ms; undefined if nothing was measured. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
}

export interface Failover {
  readonly asked: string;
  readonly answered: string;
  readonly calls: number;
}

export interface AgentSummary {
  /** Calls that named the agent, by outcome. */
  readonly calls: Tally;
  /** How often it was asked, by error type or `answered`. */
  readonly attempts: Tally;
  readonly tries: number;
  readonly latency: Percentiles;
}

export interface FiguresSummary {
  readonly calls: Tally;
  readonly errors: Tally;
  readonly failovers: readonly Failover[];
  readonly duration: Percentiles;
  readonly queued: Percentiles;
  readonly overhead: Percentiles;
  /** Of the attempts of all agents. */
  readonly latency: Percentiles;
  /** Empty if they are not wanted. */
  readonly agents: ReadonlyMap<string, AgentSummary>;
}

/**
 * Returns the rows that the filter selects. With an agent, failovers to it are selected as well, from the rows of the agents that
 * were named.
 */
export function selectRows(rows: readonly FiguresRow[], { project, agent }: FiguresFilter): FiguresRow[] {
  const ofProject = rows.filter((row) => project === allProjects || row.project === project);
  if (agent === undefined) return ofProject;
  return ofProject.flatMap((row) => {
    if (row.agent === agent) return row;
    const calls = row.failovers && Object.hasOwn(row.failovers, agent) ? row.failovers[agent] : undefined;
    return calls === undefined
      ? []
      : { project: row.project, agent: row.agent, failovers: { [agent]: calls } };
  });
}

/** Adds up stored figures, of any interval and project, and returns what they say together. */
export class FiguresSum {
  private readonly eachAgent: boolean;
  private readonly all = noFigures();
  private readonly agents = new Map<string, AgentFigures>();
  private readonly failovers = new Map<string, Tally>();

  /** `eachAgent` is false if only the figures of all agents together are wanted. */
  constructor({ eachAgent }: { readonly eachAgent: boolean }) {
    this.eachAgent = eachAgent;
  }

  add(rows: Iterable<FiguresRow>): void {
    for (const row of rows) {
      addRow(this.all, row);
      if (this.eachAgent) addRow(entryOf(this.agents, row.agent, noFigures), row);
      for (const [answered, calls] of Object.entries(row.failovers ?? {}))
        count(entryOf(this.failovers, row.agent, noTally), answered, calls);
    }
  }

  summary(): FiguresSummary {
    const { calls, errors, duration, queued, overhead, latency } = this.all;
    return {
      calls,
      errors,
      failovers: sorted(this.failovers).flatMap(([asked, tally]) =>
        sorted(tally).map(([answered, times]) => ({ asked, answered, calls: times })),
      ),
      duration: percentilesOf(duration),
      queued: percentilesOf(queued),
      overhead: percentilesOf(overhead),
      latency: percentilesOf(latency),
      agents: new Map(
        sorted(this.agents)
          // With a filter, an agent may be here only because another one answered for it.
          .filter(([, one]) => one.calls.size + one.attempts.size > 0)
          .map(([name, one]) => [name, agentSummary(one)]),
      ),
    };
  }
}

function sorted<V>(entries: ReadonlyMap<string, V>): [string, V][] {
  return [...entries].sort(([a], [b]) => byText(a, b));
}

const noTally = (): Tally => new Map();

function agentSummary({ calls, attempts, amounts, latency }: AgentFigures): AgentSummary {
  return { calls, attempts, tries: amounts.get('tries') ?? 0, latency: percentilesOf(latency) };
}

function percentilesOf(distribution: Distribution): Percentiles {
  return {
    count: distribution.count,
    p50: distribution.percentile(50),
    p95: distribution.percentile(95),
    p99: distribution.percentile(99),
  };
}
