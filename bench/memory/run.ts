/** `npm run bench -- --memory`: what idle sessions and calls in flight hold in a node, one after the other, with nothing beside. */
import { Agent, setGlobalDispatcher } from 'undici';
import { startAgents } from '../agent-process.ts';
import { Children } from '../children.ts';
import type { Options } from '../options.ts';
import { inTemporaryFolder } from '../product.ts';
import { thisMachine, type Report } from '../report.ts';
import type { Progress } from '../rounds.ts';
import { bareInFlight } from './bare-in-flight.ts';
import { sessionMemory } from './idle-sessions.ts';
import { inFlightMemory } from './in-flight.ts';
import type { MemoryContext, MemoryReport } from './memory-context.ts';

export async function runMemory(options: Options, progress: Progress): Promise<Report> {
  const machine = thisMachine();
  setGlobalDispatcher(new Agent({ connections: 128 }));
  const into: MemoryReport = { verdict: [], facts: [] };
  const failures: string[] = [];
  await inTemporaryFolder(async (folder) => {
    const children = new Children();
    try {
      const context = { children, folder, agents: await startAgents(children), into, progress };
      for (const measure of [sessionMemory, inFlightMemory, bareInFlight])
        failures.push(...(await failureOf(measure, context, options.stored)));
    } finally {
      await children.stop();
    }
  });
  const { calls, rounds, concurrency } = options;
  return {
    format: 1,
    at: new Date().toISOString(),
    machine,
    plan: { calls, rounds, concurrency },
    rows: [],
    ratios: [],
    ...into,
    failures,
  };
}

/** What was measured before is not lost with it. */
async function failureOf(
  measure: (context: MemoryContext, stored: number) => Promise<void>,
  context: MemoryContext,
  stored: number,
): Promise<string[]> {
  try {
    await measure(context, stored);
    return [];
  } catch (error) {
    return [`Not measured to its end, ${measure.name}: ${String(error)}`];
  }
}
