/** Measures what a phase costs besides time: CPU of each process from /proc, and growth of the database. */
import { setTimeout as pass } from 'node:timers/promises';
import { readProcessStat } from '../src/platform/process-stat.ts';
import { databaseBytes } from './database-bytes.ts';
import type { IdleRates, Usage } from './figures.ts';
import type { Processes, Subject } from './subject.ts';

export type Metered = Pick<Subject, 'processes' | 'database' | 'afterwards'>;

/** How long to wait after the last answer, because the server still has work for the call, such as visibility records. */
const settleMs = 200;
const idleMs = 2_000;

export async function measureIdle(subjects: readonly Subject[]): Promise<IdleRates> {
  const pids = [...new Set(subjects.flatMap(({ processes }) => [...processes.node, ...processes.server]))];
  await pass(settleMs);
  const before = await Promise.all(pids.map(cpuMs));
  const startedAt = performance.now();
  await pass(idleMs);
  const after = await Promise.all(pids.map(cpuMs));
  const elapsedMs = performance.now() - startedAt;
  return new Map(pids.map((pid, at) => [pid, ((after[at] ?? 0) - (before[at] ?? 0)) / elapsedMs]));
}

/**
 * Runs `work` and measures its costs, including the work that the server does shortly after it, and what the subject does
 * afterwards if that is a cost. Subtracts the CPU time that idle processes would have used in the same time.
 */
export async function metered(
  { processes, database, afterwards }: Metered,
  idle: IdleRates,
  work: () => Promise<void>,
): Promise<Usage> {
  const before = await read(processes, database);
  const startedAt = performance.now();
  await work();
  await pass(settleMs + (afterwards?.isCost ? afterwards.ms : 0));
  const after = await read(processes, database);
  const elapsedMs = performance.now() - startedAt;
  const cpu = (of: 'node' | 'server'): number | undefined => {
    const [from, to] = [before[of], after[of]];
    if (from === undefined || to === undefined) return undefined;
    const rate = processes[of].reduce((sum, pid) => sum + (idle.get(pid) ?? 0), 0);
    return Math.max(0, to - from - rate * elapsedMs);
  };
  const [nodeCpuMs, serverCpuMs] = [cpu('node'), cpu('server')];
  const grown =
    before.bytes === undefined || after.bytes === undefined ? undefined : after.bytes - before.bytes;
  return {
    ...(nodeCpuMs !== undefined && { nodeCpuMs }),
    ...(serverCpuMs !== undefined && { serverCpuMs }),
    ...(grown !== undefined && { databaseBytes: grown }),
  };
}

async function read({ node, server }: Processes, database: string | undefined) {
  return {
    node: await cpuOf(node),
    server: await cpuOf(server),
    bytes: database === undefined ? undefined : await databaseBytes(database),
  };
}

async function cpuOf(pids: readonly number[]): Promise<number | undefined> {
  const each = await Promise.all(pids.map(cpuMs));
  if (each.length === 0) return undefined;
  return each.reduce<number | undefined>(
    (sum, ms) => (sum === undefined || ms === undefined ? undefined : sum + ms),
    0,
  );
}

/** Returns the user and system CPU time of a process in ms; undefined if this machine has no /proc. */
export async function cpuMs(pid: number): Promise<number | undefined> {
  return (await readProcessStat(pid))?.ownMs;
}
