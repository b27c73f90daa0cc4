/**
 * The row of a queue: one call holds the turn of a session while a hundred others wait, then they have their turns one after the
 * other. It shows whether each turn costs as much as the first.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pass } from 'node:timers/promises';
import type { HoldingAgent } from './holding-agent.ts';
import { call, get } from './http.ts';
import type { Phase } from './lanes.ts';
import type { IdleRates, QueueTurns, TurnCosts } from './figures.ts';
import { cpuMs, metered } from './meters.ts';
import { ofNode } from './node-subjects.ts';
import type { Product } from './product.ts';
import { waitingCalls } from './row-names.ts';
import type { Subject } from './subject.ts';

/** The moment at which a turn has ended, with the CPU time that the server had used by then. */
interface TurnEnd {
  readonly at: number;
  readonly serverCpuMs: number | undefined;
}

const compared = 10;
const warmUpWaiting = 10;
const checkEveryMs = 100;
/** How long the server and the node get for what follows the start of the last waiting call. */
const settleMs = 500;

export function queueSubject(product: Product, agent: HoldingAgent): Subject {
  const subject = {
    ...ofNode(product, 'session-queue'),
    run: async (count: number) => phaseOf(await passQueue(product, agent, count)),
    async warmUp() {
      await passQueue(product, agent, warmUpWaiting);
    },
  };
  return {
    ...subject,
    async ownRound(idle) {
      const release = await fillQueue(product, agent, waitingCalls);
      let ends: readonly TurnEnd[] = [];
      const usage = await metered(subject, idle, async () => {
        ends = await release();
      });
      return { sequential: phaseOf(ends), concurrent: [], usage, queue: turnsOf(ends, product, idle) };
    },
  };
}

async function passQueue(product: Product, agent: HoldingAgent, waiting: number) {
  const release = await fillQueue(product, agent, waiting);
  return release();
}

/**
 * Starts a call that holds the turn of a new session, and `waiting` calls that wait for it. Returns a function that lets the
 * first one end and resolves with the ends of all turns.
 */
async function fillQueue(
  { url, server }: Product,
  agent: HoldingAgent,
  waiting: number,
): Promise<() => Promise<readonly TurnEnd[]>> {
  const session_id = `bench-queue-${randomUUID()}`;
  const turn = async (agent_name: string): Promise<TurnEnd> => {
    await call(url, { agent_name, session_id });
    const at = performance.now();
    return { at, serverCpuMs: await cpuMs(server.pid) };
  };
  const holder = turn('holding');
  await pollBeside(holder, async () => (await agent.held()) > 0);
  const turns = Promise.all([holder, ...Array.from({ length: waiting }, () => turn('quick'))]);
  await pollBeside(turns, async () => (await runningIn(url, session_id)) > waiting);
  await pass(settleMs);
  return async () => {
    await agent.release();
    return (await turns).sort((a, b) => a.at - b.at);
  };
}

async function runningIn(url: string, sessionId: string): Promise<number> {
  const counts = await get(`${url}/api/vps/calls/counts?session=${sessionId}`);
  return (JSON.parse(counts) as { running: number }).running;
}

/** Polls until `isReached`. Throws if the calls fail before that. */
async function pollBeside(calls: Promise<unknown>, isReached: () => Promise<boolean>): Promise<void> {
  let areOver = false;
  const watched = calls.finally(() => {
    areOver = true;
  });
  const poll = async (): Promise<void> => {
    while (!areOver && !(await isReached())) await pass(checkEveryMs);
  };
  await Promise.race([poll(), watched]);
}

/** The turns of the calls that waited: each lasts from the end of the turn before it. */
function phaseOf(ends: readonly TurnEnd[]): Phase {
  const durationsMs = ends.slice(1).map(({ at }, index) => at - (ends[index]?.at ?? at));
  return { durationsMs, elapsedMs: durationsMs.reduce((sum, ms) => sum + ms, 0) };
}

function turnsOf(ends: readonly TurnEnd[], { server }: Product, idle: IdleRates): QueueTurns {
  const costs = (first: number, count: number): TurnCosts => {
    const [from, to] = [ends[first], ends[first + count]];
    if (!from || !to) throw new Error('The queue has fewer turns than are compared');
    const elapsedMs = to.at - from.at;
    if (from.serverCpuMs === undefined || to.serverCpuMs === undefined)
      return { elapsedMs: elapsedMs / count };
    const idleMs = elapsedMs * (idle.get(server.pid) ?? 0);
    const serverCpuMs = to.serverCpuMs - from.serverCpuMs - idleMs;
    return { elapsedMs: elapsedMs / count, serverCpuMs: serverCpuMs / count };
  };
  const count = ends.length - 1;
  return {
    count,
    first: costs(0, compared),
    last: costs(count - compared, compared),
    all: costs(0, count),
  };
}
