/** A folder of the product whose disk can be filled. It is a separate tmpfs if this process may mount one. */
import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const runNow = execFileSync;
const roomyMiB = 3_072;

/** How often a file system that is being written to is shrunk, until one size is not too small. */
const maxResizes = 20;

/** A folder whose disk can be filled. */
export interface DataFolder {
  readonly path: string;
  /** Describes for the report how `fill` makes the disk full. */
  readonly quota: string;
  readonly ownFileSystem: boolean;
  /**
   * Fills the disk so that `leftBytes` (default 0) stay free. `serverPid` is the pid of the Temporal server. Throws if that is
   * not possible.
   */
  fill(serverPid: number | undefined, leftBytes?: number): Promise<void>;
  free(serverPid: number | undefined): Promise<void>;
  /** Unmounts the file system. Copies its contents to `keepIn` first, if that is given. */
  close(keepIn: string | undefined): Promise<void>;
}

/** Creates the folder and mounts a tmpfs on it. Without permission to mount, a limit on file sizes simulates a full disk. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${roomyMiB}m,mode=700`, 'holdfast-chaos', path]);
  } catch {
    return limitedByFileSize(path);
  }
  const resize = async (size: string): Promise<void> => {
    await run('mount', ['-o', `remount,size=${size}`, path]);
  };
  let mounted = true;
  process.once('exit', () => {
    if (mounted) runNow('umount', ['-l', path]); // The run was interrupted.
  });
  return {
    path,
    quota: 'a tmpfs that is shrunk to what it holds',
    ownFileSystem: true,
    async fill(_serverPid, leftBytes = 0) {
      for (let tries = 1; ; tries++) {
        const { blocks, bfree, bsize } = await statfs(path);
        try {
          await resize(String((blocks - bfree) * bsize + leftBytes));
          return;
        } catch (error) {
          // The product has written meanwhile: the file system cannot become smaller than what it holds.
          if (tries === maxResizes) throw error;
        }
      }
    },
    free: () => resize(`${roomyMiB}m`),
    async close(keepIn) {
      if (keepIn !== undefined) await cp(path, keepIn, { recursive: true });
      await run('umount', ['-l', path]); // Killed processes may still hold files open for a moment.
      mounted = false;
    },
  };
}

/**
 * The folder if this process may not mount a file system: `fill` forbids the server process to write any file beyond 64 KiB.
 */
function limitedByFileSize(path: string): DataFolder {
  const limit = async (pid: number, soft: string): Promise<void> => {
    await run('prlimit', ['--pid', String(pid), `--fsize=${soft}:`]);
  };
  return {
    path,
    quota: "the server's file size limit (no permission to mount a tmpfs)",
    ownFileSystem: false,
    fill: async (pid) => (pid === undefined ? undefined : limit(pid, '65536')),
    // A server that was started meanwhile has no limit.
    free: async (pid) => (pid === undefined ? undefined : limit(pid, 'unlimited')),
    close: () => Promise.resolve(),
  };
}
