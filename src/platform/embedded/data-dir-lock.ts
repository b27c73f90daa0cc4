/**
 * Locks a data directory, which only one node at a time may use. The lock of a process that no longer lives, for example after
 * kill -9, is ignored. Locks are numbered files `node.lock.N`; the highest number is the current lock. To take over a dead
 * lock, a node creates the file with the next number. Only one process can create a given file, so if several nodes find a dead
 * lock at the same time, one of them wins.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { link, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readProcessStat, type ProcessStat } from '../process-stat.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';
import { readJson, writeJson } from './whole-file.ts';

interface Holder {
  readonly pid: number;
  /** The start time of the process. It is compared too, because the pid may be reused by another process. */
  readonly began: string;
}

/** Takes the lock. Returns a function that releases it. Throws `EmbeddedServerError` if another node has it. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const draft = join(dataDir, `.node.lock-${randomUUID()}`);
  const self: Holder = { pid: process.pid, began: (await beganAt(process.pid)) ?? '' };
  await writeFile(draft, `${JSON.stringify(self)}\n`);
  try {
    for (;;) {
      const newest = (await numbersIn(dataDir)).at(-1) ?? 0;
      const holder = await readJson<Partial<Holder>>(lockPath(dataDir, newest));
      if (holder?.pid !== undefined && (await beganAt(holder.pid)) === holder.began)
        throw lockedBy(holder.pid, dataDir);
      if (await takeNumber(dataDir, newest + 1, draft))
        return () => writeJson(lockPath(dataDir, newest + 1), { released: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Takes the lock file with this number and returns whether this process now holds the lock. `draft` is a file with this
 * process's pid and start time; it is linked to the lock file, which is atomic and fails if that file exists. Then the older
 * lock files are removed. If one with a higher number exists, the new file is removed again instead, and false returned.
 */
async function takeNumber(dataDir: string, number: number, draft: string): Promise<boolean> {
  const path = lockPath(dataDir, number);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  const numbers = await numbersIn(dataDir);
  // If a higher number exists, this number had been used before and its file was removed since.
  const newest = numbers.at(-1) === number;
  const useless = newest ? numbers.filter((other) => other < number) : [number];
  await Promise.all(useless.map((other) => rm(lockPath(dataDir, other), { force: true })));
  return newest;
}

function lockPath(dataDir: string, number: number): string {
  return join(dataDir, `node.lock.${number}`);
}

/** Returns the numbers of all lock files in the folder, in ascending order. */
async function numbersIn(dataDir: string): Promise<number[]> {
  const numbers = (await readdir(dataDir)).map((name) => /^node\.lock\.(\d+)$/.exec(name)?.[1]);
  return numbers
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

function lockedBy(pid: number, dataDir: string): EmbeddedServerError {
  return new EmbeddedServerError(
    'database_locked',
    `The database in ${dataDir} is locked: a node with pid ${pid} uses it. Stop that node, or set HOLDFAST_DATA_DIR (and the ports) to run a second one`,
  );
}

/** Returns the start time of the process. Undefined if no such process lives; a zombie does not count as living. */
async function beganAt(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  const { state, began } = (await readProcessStat(pid)) ?? (await fromPs(pid));
  return state.startsWith('Z') ? undefined : began;
}

/** Reads the process's state with `ps`, on systems without /proc, e.g. macOS. */
async function fromPs(pid: number): Promise<Pick<ProcessStat, 'state' | 'began'>> {
  const args = ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)];
  const { stdout } = await promisify(execFile)('ps', args).catch(() => ({ stdout: '' }));
  const [state = '', ...began] = stdout.trim().split(/\s+/);
  return { state, began: began.join(' ') };
}
