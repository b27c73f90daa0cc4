/** The commands `agents list`, `agents add`, `agents pause`, `agents resume` and `agents rm`. */
import type { Command } from 'commander';
import type { AgentList } from '../../contract/agents.ts';
import { declareForNode, withExamples, withNode, type Context } from '../command.ts';
import { confirm } from '../confirm.ts';
import { note } from '../output.ts';
import { agentPath } from '../resource-paths.ts';
import { addAgentsAdd } from './agents-add.ts';
import { addAgentsPause, pauseInWords } from './agents-pause.ts';

/** Declares the commands. */
export function addAgentCommands(program: Command): void {
  const agents = withExamples(
    program.command('agents').description('list, register, pause and remove agents'),
    ['agents list'],
  );
  declareForNode(agents, 'list', 'list the registered agents, by name', [
    'agents list',
    'agents list --json',
  ]).action(withNode(list));
  addAgentsAdd(agents);
  addAgentsPause(agents);
  declareForNode(
    agents,
    'rm <name>',
    'remove an agent; calls in flight that have it in their chain still ask it',
    ['agents rm expert --yes'],
  )
    .option('-y, --yes', 'do not ask for confirmation')
    .action(withNode(remove));
}

async function list({ client, out }: Context): Promise<undefined> {
  const all = await client.get<AgentList>('/agents');
  if (out.json) {
    out.document(all);
    return;
  }
  out.table(
    ['agent', 'url', 'timeout', 'retries', 'fallbacks', 'health path', 'token', 'paused'],
    all.agents.map((agent) => [
      agent.name,
      agent.url,
      `${agent.timeout_seconds} s`,
      agent.max_retries,
      agent.fallback_agents.join(', '),
      agent.health_path,
      agent.auth_token_reference ?? (agent.has_auth_token ? 'yes' : 'no'),
      pauseInWords(agent),
    ]),
  );
}

async function remove({ client, out }: Context, name: string, { yes }: { yes?: true }): Promise<undefined> {
  const { path, query } = agentPath(name);
  if (!yes) await noteFallbacks(client, name);
  await confirm(`Remove the agent ${name} and its health figures?`, yes);
  await client.request('DELETE', path, { query });
  if (out.json) out.document({ removed: name });
  else out.text(`${name} is removed`);
}

/** Says which agents would lose a fallback. */
async function noteFallbacks(client: Context['client'], name: string): Promise<void> {
  const { agents } = await client.get<AgentList>('/agents');
  const fallbackOf = agents.find((one) => one.name === name)?.fallback_of ?? [];
  if (fallbackOf.length > 0) note(`${name} is a fallback of ${fallbackOf.join(', ')}`);
}
