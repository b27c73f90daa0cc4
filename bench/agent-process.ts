import { printed, type Children } from './children.ts';
import type { AgentPorts } from './node-subjects.ts';

export async function startAgents(children: Children): Promise<AgentPorts> {
  const { child } = children.script('agents.ts', [], ['ignore', 'pipe', 2]);
  const [, ...ports] = await printed(child.stdout, /agents (\d+) (\d+) (\d+) (\d+)\n/);
  const [quick = 0, failing = 0, slow = 0, holding = 0] = ports.map(Number);
  return { quick, failing, slow, holding };
}
