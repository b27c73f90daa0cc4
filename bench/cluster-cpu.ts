import { readdir, readFile } from 'node:fs/promises';
import type { Cluster } from '../cluster/start-cluster.ts';

export const roles = ['facades', 'workers', 'server', 'PostgreSQL'] as const;
export type CpuByRole = Readonly<Record<(typeof roles)[number], number>>;

/** Linux reports CPU time in ticks, a hundred to a second on every platform that Node runs on. */
const msPerTick = 10;

interface Stat {
  readonly parent: number;
  /** User and system time, ms. */
  readonly ownMs: number;
  /** The same of its children that have ended. */
  readonly endedMs: number;
}

/** CPU time in ms that the processes of a cluster have taken since they began. */
export async function cpuByRole({ facades, workers, temporal, postgres }: Cluster): Promise<CpuByRole> {
  const stats = await everyProcess();
  const own = (parts: readonly { readonly pid: number }[]): number =>
    parts.reduce((sum, { pid }) => sum + (stats.get(pid)?.ownMs ?? 0), 0);
  // A process for each connection, and some of its own.
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

async function everyProcess(): Promise<Map<number, Stat>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(async (pid) => [pid, await statOf(pid)] as const));
  return new Map(stats.flatMap(([pid, stat]) => (stat ? [[pid, stat]] : [])));
}

async function statOf(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined; // It has ended.
  // After the name in parentheses, which may hold anything: fields 3 and on.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const sum = (first: number): number => ((fields[first] ?? 0) + (fields[first + 1] ?? 0)) * msPerTick;
  return { parent: fields[1] ?? 0, ownMs: sum(11), endedMs: sum(13) };
}
