import { readdir } from 'node:fs/promises';
import type { Cluster } from '../cluster/start-cluster.ts';
import { readProcessStat, type ProcessStat } from '../src/platform/process-stat.ts';

export const roles = ['facades', 'workers', 'server', 'PostgreSQL'] as const;
export type CpuByRole = Readonly<Record<(typeof roles)[number], number>>;

/** Returns the CPU time in ms that the processes of a cluster have used since they started, summed by role. */
export async function cpuByRole({ facades, workers, temporal, postgres }: Cluster): Promise<CpuByRole> {
  const stats = await everyProcess();
  const own = (parts: readonly { readonly pid: number }[]): number =>
    parts.reduce((sum, { pid }) => sum + (stats.get(pid)?.ownMs ?? 0), 0);
  // PostgreSQL has a process for each connection, and some more.
  const backends = [...stats.values()].filter(({ parent }) => parent === postgres.pid);
  return {
    facades: own(facades),
    workers: own(workers),
    server: own([temporal]),
    PostgreSQL: backends.reduce(
      (sum, { ownMs }) => sum + ownMs,
      own([postgres]) + (stats.get(postgres.pid)?.endedMs ?? 0),
    ),
  };
}

async function everyProcess(): Promise<Map<number, ProcessStat>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(async (pid) => [pid, await readProcessStat(pid)] as const));
  return new Map(stats.flatMap(([pid, stat]) => (stat ? [[pid, stat]] : [])));
}
