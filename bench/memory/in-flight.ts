/** Measures how much memory calls in flight hold in a node, and how they affect the latency of another call. */
import { setTimeout as pass } from 'node:timers/promises';
import { holdingAgent } from '../holding-agent.ts';
import { call, get, post } from '../http.ts';
import { runLanes } from '../lanes.ts';
import type { Product } from '../product.ts';
import { figures } from '../stats.ts';
import { judgeValue } from '../targets.ts';
import { heldKb } from './held.ts';
import { startNode, type MemoryContext } from './memory-context.ts';

export const levels = [1_000, 5_000];
export const mostInFlight = Math.max(...levels);
const atMostKb = 60;
const warmUpCalls = 1_000;
const besideCalls = 50;
const lanes = 8;
/**
 * A process that uses less than this share of a core counts as quiet. It is higher than for an idle process, because the
 * heartbeats of calls in flight use CPU too.
 */
export const quietCpuShare = 0.4;
const settleMs = 300_000;

export async function inFlightMemory(context: MemoryContext): Promise<void> {
  const { children, agents, into, progress } = context;
  const product = await startNode(context, 'in-flight', {
    HOLDFAST_MAX_CALLS_IN_FLIGHT: String(mostInFlight + 1_000),
  });
  const agent = holdingAgent(agents.holding);
  const quick = () => call(product.url, { agent_name: 'quick' });
  progress('calls in flight: warming up');
  await runLanes(quick, warmUpCalls, lanes);
  const before = await heldKb(product);
  const { verdict, facts } = into;
  facts.push({ what: 'RSS of the node with no call in flight, MiB', value: before / 1_024 });
  let begun = 0;
  for (const level of levels) {
    progress(`calls in flight: ${level}`);
    await beginCalls(product, level - begun);
    begun = level;
    await agent.untilHeld(level);
    const held = await heldKb(product, quietCpuShare);
    const beside = figures((await runLanes(quick, besideCalls, 1)).durationsMs);
    const what = `RSS of the node per call in flight, ${level} of them, kB`;
    verdict.push(judgeValue({ what, atMost: atMostKb }, (held - before) / level));
    facts.push(
      { what: `RSS of the node with ${level} calls in flight, MiB`, value: held / 1_024 },
      { what: `p50 of another call beside ${level} in flight, ms`, value: beside.p50 },
    );
  }
  progress('calls in flight: ending');
  await agent.release();
  facts.push({
    what: `of ${mostInFlight} calls in flight ended with an answer`,
    value: await answered(product, mostInFlight),
  });
  facts.push({ what: 'RSS of the node after they have ended, MiB', value: (await heldKb(product)) / 1_024 });
  await children.end(product.pid);
}

function beginCalls({ url }: Product, count: number): Promise<unknown> {
  const body = { agent_name: 'holding', prompt: 'take your time', deadline_seconds: 3_600 };
  return runLanes(() => post(`${url}/api/vps/call`, body, { prefer: 'respond-async' }), count, lanes);
}

/** Waits until `of` calls have completed, at most `settleMs`, and returns how many have. */
async function answered({ url }: Product, of: number): Promise<number> {
  const giveUpAt = Date.now() + settleMs;
  for (;;) {
    const path = `${url}/api/vps/calls/counts?agent=holding`;
    const { completed } = JSON.parse(await get(path)) as { completed: number };
    if (completed >= of || Date.now() > giveUpAt) return completed;
    await pass(500);
  }
}
