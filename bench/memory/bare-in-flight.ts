/** The memory floor of a call in flight: bare activities ask the same agent, in a process with only a worker. */
import { once } from 'node:events';
import type { FloorRequest } from '../floor.ts';
import { collectsGarbage, heldKb } from './held.ts';
import { holdingAgent } from '../holding-agent.ts';
import { levels, mostInFlight, quietCpuShare } from './in-flight.ts';
import { startNode, type MemoryContext } from './memory-context.ts';

const warmUpCalls = 1_000;
const lanes = 8;

export async function bareInFlight(context: MemoryContext): Promise<void> {
  const { children, agents, into, progress } = context;
  const product = await startNode(context, 'bare-in-flight');
  const agent = holdingAgent(agents.holding);
  const urlOf = (port: number): string => `http://127.0.0.1:${port}/v1/messages`;
  const { child, pid } = children.script(
    'floor.ts',
    [product.temporalAddress, urlOf(agents.quick), String(mostInFlight + 1_000)],
    ['ignore', 2, 2, 'ipc'],
    collectsGarbage,
  );
  await once(child, 'message');
  const ask = async (request: FloorRequest): Promise<void> => {
    const answered = once(child, 'message');
    child.send(request);
    await answered;
  };
  progress('bare activities in flight: warming up');
  await ask({ what: 'bare', count: warmUpCalls, parallel: lanes });
  const before = await heldKb({ pid });
  let begun = 0;
  for (const level of levels) {
    progress(`bare activities in flight: ${level}`);
    await ask({ what: 'begin', count: level - begun, parallel: lanes, agentUrl: urlOf(agents.holding) });
    begun = level;
    await agent.untilHeld(level);
    const held = await heldKb({ pid }, quietCpuShare);
    const what = `RSS of a bare worker per activity in flight, ${level} of them, kB`;
    into.facts.push({ what, value: (held - before) / level });
  }
  await agent.release();
  await children.end(pid);
  await children.end(product.pid);
}
