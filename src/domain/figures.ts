/** Figures of one interval, by project and agent: counts and distributions that say how calls went, and nothing of any call. */
import { Distribution, type PackedDistribution } from './distribution.ts';
import { agentsMsOf, type Ending } from './ending.ts';
import { projectOf } from './project.ts';

/**
 * What is counted, each by a name. Of calls, under the agent that the caller named: `calls` by outcome, `errors` of failed ones
 * by error type, `failovers` by the agent that answered instead. Of attempts, under the agent that was asked: `attempts` by error
 * type or `answered`, and `amounts`: sums of whatever attempts use, which are `tries` today.
 */
const tallyNames = ['calls', 'errors', 'failovers', 'attempts', 'amounts'] as const;
/**
 * What is measured, in ms. Of calls: `duration`, `queued` (the wait for the session's turn) and `overhead` (the duration without
 * that wait, without agents and without waits for paused agents). Of attempts: `latency`.
 */
const distributionNames = ['duration', 'queued', 'overhead', 'latency'] as const;

type TallyName = (typeof tallyNames)[number];
type DistributionName = (typeof distributionNames)[number];
export type Tally = Map<string, number>;

/** The figures of one agent in one project. */
export type AgentFigures = Readonly<Record<TallyName, Tally> & Record<DistributionName, Distribution>>;

/** The same as it is stored. What is empty is left out. */
export interface FiguresRow
  extends
    Partial<Readonly<Record<TallyName, Readonly<Record<string, number>>>>>,
    Partial<Readonly<Record<DistributionName, PackedDistribution>>> {
  readonly project: string;
  readonly agent: string;
}

export class IntervalFigures {
  private readonly projects = new Map<string, Map<string, AgentFigures>>();

  /** Counts an ending; -1 takes one out that was counted. */
  add(ending: Ending, times: 1 | -1 = 1): void {
    const { agent, answeredBy, outcome, errorType = 'internal', attempts, queuedMs } = ending;
    const project = projectOf(ending.callId);
    const ofCalls = this.of(project, agent);
    count(ofCalls.calls, outcome, times);
    if (outcome === 'failed') count(ofCalls.errors, errorType, times);
    if (answeredBy !== undefined && answeredBy !== agent) count(ofCalls.failovers, answeredBy, times);
    const durationMs = ending.endedAt - ending.startedAt;
    ofCalls.duration.add(durationMs, times);
    ofCalls.queued.add(queuedMs, times);
    ofCalls.overhead.add(durationMs - queuedMs - agentsMsOf(attempts), times);
    for (const attempt of attempts) {
      const ofAttempts = this.of(project, attempt.agent);
      count(ofAttempts.attempts, attempt.errorType ?? 'answered', times);
      count(ofAttempts.amounts, 'tries', attempt.tries * times);
      // A paused agent that was passed over took no time.
      const wasAsked = attempt.errorType !== 'agent_paused' || attempt.tries > 0;
      if (wasAsked) ofAttempts.latency.add(attempt.latencyMs, times);
    }
  }

  /** Adds stored figures; -1 takes them out again. */
  addRows(rows: Iterable<FiguresRow>, times: 1 | -1 = 1): void {
    for (const row of rows) addRow(this.of(row.project, row.agent), row, times);
  }

  /** Returns what is stored. The same figures are the same text as JSON, in whatever order they came. */
  rows(): FiguresRow[] {
    return [...this.projects]
      .flatMap(([project, agents]) =>
        [...agents].map(([agent, figures]) => ({ project, agent, ...packed(figures) })),
      )
      .filter((row) => Object.keys(row).length > 2)
      .sort((a, b) => byText(a.project, b.project) || byText(a.agent, b.agent));
  }

  private of(project: string, agent: string): AgentFigures {
    const agents = entryOf(this.projects, project, () => new Map<string, AgentFigures>());
    return entryOf(agents, agent, noFigures);
  }
}

/** Returns the entry of a map, which is made if it is not there. */
export function entryOf<V>(entries: Map<string, V>, name: string, make: () => V): V {
  let entry = entries.get(name);
  if (entry === undefined) entries.set(name, (entry = make()));
  return entry;
}

/** Adds a stored row to figures; -1 takes it out again. */
export function addRow(figures: AgentFigures, row: FiguresRow, times: 1 | -1 = 1): void {
  for (const name of tallyNames)
    for (const [of, amount] of Object.entries(row[name] ?? {})) count(figures[name], of, amount * times);
  for (const name of distributionNames) figures[name].addPacked(row[name] ?? [], times);
}

export function noFigures(): AgentFigures {
  return {
    calls: new Map(),
    errors: new Map(),
    failovers: new Map(),
    attempts: new Map(),
    amounts: new Map(),
    duration: new Distribution(),
    queued: new Distribution(),
    overhead: new Distribution(),
    latency: new Distribution(),
  };
}

export function count(tally: Tally, name: string, times: number): void {
  tally.set(name, (tally.get(name) ?? 0) + times);
}

function packed(figures: AgentFigures): Omit<FiguresRow, 'project' | 'agent'> {
  const tallies = tallyNames.flatMap((name) => {
    const counted = [...figures[name]].filter(([, amount]) => amount > 0).sort(([a], [b]) => byText(a, b));
    return counted.length > 0 ? [[name, Object.fromEntries(counted)]] : [];
  });
  const distributions = distributionNames.flatMap((name) => {
    const bins = figures[name].pack();
    return bins.length > 0 ? [[name, bins]] : [];
  });
  return Object.fromEntries([...tallies, ...distributions]) as Omit<FiguresRow, 'project' | 'agent'>;
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
