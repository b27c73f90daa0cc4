/** A folder of the product's: a small file system of its own where that is allowed, so that it can be filled. */
import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const runNow = execFileSync;
const roomyMiB = 3_072;

export interface DataFolder {
  readonly path: string;
  /** How its disk is filled, in words. */
  readonly quota: string;
  readonly ownFileSystem: boolean;
  /** Leaves `leftBytes` free, 0 by default. `serverPid` is the Temporal server's. Throws where it cannot. */
  fill(serverPid: number | undefined, leftBytes?: number): Promise<void>;
  free(serverPid: number | undefined): Promise<void>;
  /** Copies its content to `keepIn`, if given, as a file system of its own is gone then. */
  close(keepIn: string | undefined): Promise<void>;
}

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
    if (mounted) runNow('umount', ['-l', path]); // The run was broken off.
  });
  return {
    path,
    quota: 'a tmpfs that is shrunk to what it holds',
    ownFileSystem: true,
    async fill(_serverPid, leftBytes = 0) {
      const { blocks, bfree, bsize } = await statfs(path);
      await resize(String((blocks - bfree) * bsize + leftBytes));
    },
    free: () => resize(`${roomyMiB}m`),
    async close(keepIn) {
      if (keepIn !== undefined) await cp(path, keepIn, { recursive: true });
      await run('umount', ['-l', path]); // What was killed may not be quite gone.
      mounted = false;
    },
  };
}

/** Without the right to mount: the server process may not write any file beyond 64 KiB. */
function limitedByFileSize(path: string): DataFolder {
  const limit = async (pid: number, soft: string): Promise<void> => {
    await run('prlimit', ['--pid', String(pid), `--fsize=${soft}:`]);
  };
  return {
    path,
    quota: "the server's file size limit (no permission to mount a tmpfs)",
    ownFileSystem: false,
    fill: async (pid) => (pid === undefined ? undefined : limit(pid, '65536')),
    // One that was started meanwhile has no limit.
    free: async (pid) => (pid === undefined ? undefined : limit(pid, 'unlimited')),
    close: () => Promise.resolve(),
  };
}
