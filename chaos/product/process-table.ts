/** Reads this machine's processes from /proc. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { readProcessStat } from '../../src/platform/process-stat.ts';

/** Returns the pids of all processes whose environment contains `marker`. Child processes inherit it. */
export async function pidsMarked(marker: string): Promise<number[]> {
  return pidsWhere(async (pid) => (await readFile(`/proc/${pid}/environ`, 'utf8')).includes(marker));
}

/**
 * Returns the pid of the Temporal server that was started with `database`, not of the shell that supervises it. Undefined if it
 * does not run.
 */
export async function serverPidOf(database: string): Promise<number | undefined> {
  const pids = await pidsWhere(async (pid) => {
    const [command = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return args.includes(database) && !command.endsWith('/sh');
  });
  return pids[0];
}

/** Returns the command line of a process, at most 160 characters; empty if the process is gone. */
export async function commandOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.replaceAll('\0', ' ').slice(0, 160).trim();
}

/** Returns how many sockets a process has open. */
export async function openSockets(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith('socket:')).length;
}

/** Returns the pids of a process's direct children. */
export async function childrenOf(pid: number): Promise<number[]> {
  return pidsWhere(async (other) => (await readProcessStat(other))?.parent === pid);
}

/** Sends `kill -9` to a process; does nothing if the process is gone. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process is gone.
  }
}

async function pidsWhere(matches: (pid: number) => Promise<boolean>): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(
    // A process may end meanwhile, and those of other users cannot be read.
    pids.map(async (pid) => ((await matches(pid).catch(() => false)) ? [pid] : [])),
  );
  return found.flat();
}
