/** Samples figures of the node, its Temporal server and its disk. The soak test takes a sample every few seconds. */
import { execFileSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Sample {
  /** Time since the load began. */
  readonly minutes: number;
  readonly nodeRssMiB: number;
  readonly serverRssMiB: number;
  /** Open file descriptors of the node: sockets, files, pipes. */
  readonly nodeHandles: number;
  /** Size of the SQLite database including its write-ahead log. */
  readonly databaseMiB: number;
  /** 99th percentile of the latencies of the calls that ended since the previous sample. */
  readonly p99Ms: number;
}

export interface Subjects {
  readonly nodePid: number;
  readonly serverPid: number;
  readonly dataDir: string;
}

export async function sample(
  { nodePid, serverPid, dataDir }: Subjects,
  minutes: number,
  p99Ms: number,
): Promise<Sample> {
  return {
    minutes,
    nodeRssMiB: await rssMiB(nodePid),
    serverRssMiB: await rssMiB(serverPid),
    nodeHandles: (await readdir(`/proc/${nodePid}/fd`)).length,
    databaseMiB: await sizeMiB(dataDir),
    p99Ms,
  };
}

/** Returns the pid of the Temporal server itself, not of the shell that supervises it. NaN if no such process runs. */
export function serverPidOf(dataDir: string): number {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  const line = lines.find((one) => one.includes(join(dataDir, 'temporal.db')) && !one.includes('/bin/sh'));
  return Number(line?.trim().split(' ')[0]);
}

export async function rssMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

async function sizeMiB(dataDir: string): Promise<number> {
  const files = (await readdir(dataDir)).filter((name) => name.startsWith('temporal.db'));
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(dataDir, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0) / 1_048_576;
}
