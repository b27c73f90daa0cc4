/** Says in words whether all is well, and what is wrong first. */
import type { Alert } from '../../../src/contract/alerts.ts';
import type { FiguresAnswer } from '../../../src/contract/figures.ts';
import type { AgentHealth } from '../../../src/contract/health.ts';
import type { RunningNode } from '../../../src/contract/nodes.ts';
import { count, duration, plural, words } from '../format.ts';
import { callsIn, failedShare, judgedIn, percent } from '../plots/figure-specs.ts';

/** What the verdict is about. What is undefined is not known (yet), or not for this user. */
export interface Situation {
  readonly figures: FiguresAnswer;
  readonly healths: readonly AgentHealth[];
  readonly nodes: readonly RunningNode[] | undefined;
  /** Those that are active. */
  readonly alerts: readonly Alert[];
  /** Why some of this could not be loaded again, and is old. */
  readonly problem?: { readonly title: string } | undefined;
  /** Now, in epoch ms. */
  readonly now: number;
}

export interface Verdict {
  readonly state: 'well' | 'watch' | 'wrong';
  /** What is wrong, the worst first. */
  readonly findings: readonly string[];
  /** The figures in one line: `1,203 calls, 0.3 % failed, 3 agents healthy`. */
  readonly summary: string;
}

/** Beyond this share of failed calls, in percent, something is wrong. */
const wrongRate = 5;
/** The failures of the newest minutes count by themselves, since a long range hides them. */
const newestMs = 10 * 60_000;
/** With fewer calls one failure would be a high share. */
const leastCalls = 5;
/** Figures are complete a minute or two after the fact. */
const lateMs = 5 * 60_000;
/** How many agents are named. */
const mostNamed = 3;

export function verdictOf(situation: Situation): Verdict {
  const { figures, healths, problem } = situation;
  const wrong = [
    ...(problem ? [`How it is now is not known: ${problem.title}`] : []),
    ...alertFindings(situation, 'critical'),
    ...agentFindings(healths),
    ...workerFindings(situation),
    ...rateFindings(figures),
  ];
  const watch = [
    ...alertFindings(situation, 'warning'),
    ...degradedFindings(healths),
    ...pausedFindings(healths),
    ...lateFindings(situation),
  ];
  return {
    state: wrong.length > 0 ? 'wrong' : watch.length > 0 ? 'watch' : 'well',
    findings: [...wrong, ...watch],
    summary: summaryOf(figures, healths),
  };
}

function summaryOf({ total: { calls } }: FiguresAnswer, healths: readonly AgentHealth[]): string {
  const all = callsIn(calls);
  const healthy = healths.filter(isHealthy).length;
  return [
    plural(all, 'call'),
    ...(all > 0 ? [`${percent(failedShare(calls))} failed`] : []),
    healthy === healths.length
      ? `${plural(healthy, 'agent')} healthy`
      : `${count(healthy)} of ${plural(healths.length, 'agent')} healthy`,
  ].join(', ');
}

const isHealthy = (health: AgentHealth): boolean => troubleOf(health) === 0;

/** How much trouble an agent is in: 0 if in none, 2 or more if calls avoid it or fail at it. */
export function troubleOf({ status, circuit }: AgentHealth): number {
  if (circuit === 'open') return 4;
  if (status === 'unreachable') return 3;
  if (status === 'unhealthy') return 2;
  return Number(status === 'degraded');
}

const isOut = (health: AgentHealth): boolean => troubleOf(health) >= 2;

function agentFindings(healths: readonly AgentHealth[]): string[] {
  const out = healths.filter(isOut).sort((a, b) => troubleOf(b) - troubleOf(a));
  const rest = out.length - mostNamed;
  return [
    ...out.slice(0, mostNamed).map(({ agent_name: name, status, circuit }) => {
      const ofCircuit = circuit === 'closed' ? '' : `, its circuit is ${words(circuit)}`;
      return `${name} is ${words(status)}${ofCircuit}`;
    }),
    ...(rest > 0 ? [`${plural(rest, 'more agent')} ${rest === 1 ? 'is' : 'are'} unhealthy`] : []),
  ];
}

/** What the alerts of the severity say; without those about an agent that is named as out anyway. One that is silenced is a warning. */
function alertFindings({ alerts, healths }: Situation, severity: Alert['severity']): string[] {
  const out = new Set(healths.filter(isOut).map((one) => one.agent_name));
  const found = alerts.filter(
    (one) =>
      !out.has(one.agent_name ?? '') && (one.silenced_until === null ? one.severity : 'warning') === severity,
  );
  const rest = found.length - mostNamed;
  return [
    ...found.slice(0, mostNamed).map(({ summary }) => summary),
    ...(rest > 0 ? [`${plural(rest, 'more alert')} ${rest === 1 ? 'is' : 'are'} active`] : []),
  ];
}

function pausedFindings(healths: readonly AgentHealth[]): string[] {
  const paused = healths.filter((one) => one.paused);
  const rest = paused.length - mostNamed;
  return [
    ...paused
      .slice(0, mostNamed)
      .map(({ agent_name: name, paused: pause }) =>
        pause?.reason == null ? `${name} is paused` : `${name} is paused: ${pause.reason}`,
      ),
    ...(rest > 0 ? [`${plural(rest, 'more agent')} ${rest === 1 ? 'is' : 'are'} paused`] : []),
  ];
}

function degradedFindings(healths: readonly AgentHealth[]): string[] {
  const degraded = healths.filter((one) => !isHealthy(one) && !isOut(one));
  const [first] = degraded;
  if (!first) return [];
  return [
    degraded.length === 1
      ? `${first.agent_name} is degraded`
      : `${plural(degraded.length, 'agent')} are degraded`,
  ];
}

function workerFindings({ nodes }: Situation): string[] {
  if (!nodes || nodes.some(({ role }) => role !== 'facade')) return [];
  return ['No worker runs: calls are accepted, and wait'];
}

function rateFindings(figures: FiguresAnswer): string[] {
  const newest = newestCalls(figures);
  const rateOf = (calls: FiguresAnswer['total']['calls']): number =>
    judgedIn(calls) < leastCalls ? 0 : failedShare(calls);
  const { calls } = figures.total;
  if (rateOf(newest) >= wrongRate)
    return [`${percent(rateOf(newest))} of the newest ${plural(judgedIn(newest), 'call')} failed`];
  if (rateOf(calls) >= wrongRate) return [`${percent(rateOf(calls))} of the calls failed`];
  return [];
}

/** The calls of the newest intervals, which are at least ten minutes if the range has them. */
function newestCalls({ intervals }: FiguresAnswer): FiguresAnswer['total']['calls'] {
  const end = Date.parse(intervals.at(-1)?.from ?? '');
  return intervals
    .filter(({ from }) => Date.parse(from) > end - newestMs)
    .reduce(
      (sum, { calls }) => ({
        completed: sum.completed + calls.completed,
        failed: sum.failed + calls.failed,
        cancelled: sum.cancelled + calls.cancelled,
      }),
      { completed: 0, failed: 0, cancelled: 0 },
    );
}

function lateFindings({ figures: { complete_until: until }, now }: Situation): string[] {
  if (until === null) return [];
  const late = now - Date.parse(until);
  return late > lateMs ? [`Figures are behind: the last ${duration(late)} are missing`] : [];
}
