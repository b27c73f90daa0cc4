/** `npm run bench -- --memory` measures the memory of idle sessions and of calls in flight, one after the other. */
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

/**
 * Runs a measurement. If it fails, returns its error as a list of one text instead of throwing, so that the results of earlier
 * measurements are not lost.
 */
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
