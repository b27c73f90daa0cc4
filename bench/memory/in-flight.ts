/** What calls in flight on slow agents hold in a node's memory, and what they do to another call. */
import { setTimeout as pass } from 'node:timers/promises';
import type { Children } from '../children.ts';
import { call, get, post } from '../http.ts';
import { runLanes } from '../lanes.ts';
import type { Product } from '../product.ts';
import type { Progress } from '../rounds.ts';
import { figures } from '../stats.ts';
import { judgeValue } from '../targets.ts';
import type { MemoryReport, StartNode } from './idle-sessions.ts';
import { collectsGarbage, heldKb } from './memory.ts';

const atMostKb = 60;
const levels = [1_000, 5_000];
const warmUpCalls = 1_000;
const besideCalls = 50;
const lanes = 8;
/** Heartbeats of calls in flight are work, too. */
const quietCpuShare = 0.4;
const settleMs = 120_000;

export async function inFlightMemory(
  children: Children,
  start: StartNode,
  holdingPort: number,
  into: MemoryReport,
  progress: Progress,
): Promise<void> {
  const most = Math.max(...levels);
  const product = await start('in-flight', {
    nodeFlags: collectsGarbage,
    environment: { HOLDFAST_MAX_CALLS_IN_FLIGHT: String(most + 1_000) },
  });
  const agent = `http://127.0.0.1:${holdingPort}`;
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
    while (Number(await get(`${agent}/held`)) < level) await pass(200);
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
  await get(`${agent}/release`);
  facts.push({
    what: `of ${most} calls in flight ended with an answer`,
    value: await answered(product, most),
  });
  facts.push({ what: 'RSS of the node after they have ended, MiB', value: (await heldKb(product)) / 1_024 });
  await children.end(product.pid);
}

function beginCalls({ url }: Product, count: number): Promise<unknown> {
  const body = { agent_name: 'holding', prompt: 'take your time', deadline_seconds: 3_600 };
  return runLanes(() => post(`${url}/api/vps/call`, body, { prefer: 'respond-async' }), count, lanes);
}

/** Once all have ended, or a while has passed. */
async function answered({ url }: Product, of: number): Promise<number> {
  const giveUpAt = Date.now() + settleMs;
  for (;;) {
    const path = `${url}/api/vps/calls/counts?agent=holding`;
    const { completed } = JSON.parse(await get(path)) as { completed: number };
    if (completed >= of || Date.now() > giveUpAt) return completed;
    await pass(500);
  }
}
