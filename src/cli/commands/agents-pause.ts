/** The commands `agents pause` and `agents resume`: take an agent out of rotation, and put it back. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { AgentPauseRequest } from '../../contract/agent-requests.ts';
import type { Agent } from '../../contract/agents.ts';
import { newCallsModes, type NewCalls } from '../../domain/agent-pause.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { durationSeconds } from '../filter-options.ts';
import { agentActionPath } from '../resource-paths.ts';

interface PauseOptions {
  readonly reason?: string;
  /** ISO 8601 in UTC. */
  readonly until?: string;
  /** In seconds. */
  readonly for?: number;
  readonly newCalls: string;
}

/** On the command line, words are joined by hyphens. */
const toWord = (mode: string): string => mode.replace('_', '-');

/** Declares the commands. */
export function addAgentsPause(agents: Command): void {
  declareForNode(agents, 'pause <name>', 'take an agent out of rotation; requests that it has got end', [
    "agents pause expert --reason 'a new model is rolled out' --for 2h",
    'agents pause expert --new-calls wait',
  ])
    .option('--reason <text>', 'why, for those who see it')
    .option('--until <time>', 'when it counts as resumed: an ISO time, or a date (UTC)', endTime)
    .addOption(
      new Option('--for <duration>', 'how long it is paused: 30m, 2h (default: until it is resumed)')
        .argParser(durationSeconds)
        .conflicts('until'),
    )
    .addOption(
      new Option(
        '--new-calls <how>',
        'what becomes of calls: they pass over it to its fallbacks, are refused, or wait',
      )
        .choices(Object.keys(newCallsModes).map(toWord))
        .default('fall-back'),
    )
    .action(withNode(pause));
  declareForNode(agents, 'resume <name>', 'put an agent back into rotation; calls that wait for it ask it', [
    'agents resume expert',
  ]).action(withNode(resume));
}

async function pause({ client, out }: Context, name: string, options: PauseOptions): Promise<undefined> {
  const { reason, newCalls } = options;
  const until =
    options.for === undefined ? options.until : new Date(Date.now() + options.for * 1_000).toISOString();
  const new_calls = Object.keys(newCallsModes).find((mode) => toWord(mode) === newCalls) as NewCalls;
  const body: AgentPauseRequest = {
    ...(reason !== undefined && { reason }),
    ...(until !== undefined && { until }),
    new_calls,
  };
  const { body: agent } = await client.request<Agent>('POST', agentActionPath(name, 'pause'), { body });
  if (out.json) out.document(agent);
  else out.text(`${agent.name} is paused${endInWords(agent)}: calls ${what[new_calls]}`);
}

async function resume({ client, out }: Context, name: string): Promise<undefined> {
  const { body: agent } = await client.request<Agent>('POST', agentActionPath(name, 'resume'));
  if (out.json) out.document(agent);
  else out.text(`${agent.name} is in rotation`);
}

const what: Readonly<Record<NewCalls, string>> = {
  fall_back: 'pass over it to its fallbacks',
  refuse: 'that name it are refused',
  wait: 'wait for it, at most to their deadline',
};

/** The pause in a few words, for a table. Empty for an agent in rotation. */
export function pauseInWords(agent: Pick<Agent, 'paused'>): string {
  const { paused } = agent;
  if (!paused) return '';
  return `${toWord(paused.new_calls)}${endInWords(agent)}${paused.reason === null ? '' : `: ${paused.reason}`}`;
}

function endInWords({ paused }: Pick<Agent, 'paused'>): string {
  return paused?.until == null ? '' : ` until ${paused.until}`;
}

function endTime(text: string): string {
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('Takes an ISO time or a date; --for takes a duration.');
  return new Date(at).toISOString();
}
