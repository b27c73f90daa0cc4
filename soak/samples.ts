/** The figures that are sampled every few seconds: of the node, of its Temporal server, of the disk. */
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
  /** Size of the database with its write-ahead log. */
  readonly databaseMiB: number;
  /** Latency of the calls that ended since the previous sample. */
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

/** The pid of the server itself, not of the shell that supervises it. */
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
