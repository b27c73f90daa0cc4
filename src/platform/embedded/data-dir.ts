/** The data directory: made, writable, used by one node at a time, its database no newer than the CLI. */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StartupError } from '../shutdown.ts';
import { atLeast } from './cli-version.ts';

/** Throws `StartupError`. Mode 0700: it holds conversations and the key. */
export async function openDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    const probe = join(dataDir, `.probe-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new StartupError(
      `The data directory ${dataDir} cannot be written (${(error as Error).message}): fix its permissions or set HOLDFAST_DATA_DIR`,
    );
  }
}

interface LockFile {
  readonly pid: number;
  /** When that process began, so that a reused pid is not taken for it. */
  readonly began: string;
}

/**
 * Claims the directory for this process. A lock of a process that is gone, e.g. by kill -9, does not count. Returns
 * how to give it back. Throws `StartupError`.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const path = join(dataDir, 'node.lock');
  const holder = await readJson<LockFile>(path);
  if (holder && holder.pid !== process.pid && (await beginOf(holder.pid)) === holder.began)
    throw new StartupError(
      `The database in ${dataDir} is locked: a node with pid ${holder.pid} uses it. Stop that one, or set HOLDFAST_DATA_DIR (and the ports) for a second`,
    );
  const lock: LockFile = { pid: process.pid, began: (await beginOf(process.pid)) ?? '' };
  await writeWhole(path, JSON.stringify(lock));
  return () => rm(path, { force: true });
}

/** Remembers the CLI beside the database that it writes. Throws `StartupError` if a newer one wrote it. */
export async function checkDatabaseVersion(dataDir: string, cliVersion: string): Promise<void> {
  const path = join(dataDir, 'temporal.version.json');
  const written = (await readJson<{ cli: string }>(path))?.cli;
  if (written !== undefined && !atLeast(cliVersion, written))
    throw new StartupError(
      `The database in ${dataDir} was written by temporal ${written}, newer than this ${cliVersion}: set HOLDFAST_TEMPORAL_CLI to ${written} or newer, or HOLDFAST_DATA_DIR to another folder`,
    );
  await writeWhole(path, JSON.stringify({ cli: cliVersion }));
}

/** Undefined if no such process lives. */
async function beginOf(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  try {
    // Field 22 of /proc/PID/stat; the second field may hold spaces, so count from its closing bracket.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
      stdout: '',
    }));
    return stdout.trim();
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined; // Absent, or cut off by a crash while it was written by hand.
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, `${text}\n`);
  await rename(temporary, path);
}
