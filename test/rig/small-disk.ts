/** A small file system that a test can fill, if this process may mount one. */
import { execFileSync as run } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  /** Leaves this many bytes free. */
  readonly fill: (leavingBytes: number) => void;
  /** Restores the first size. */
  readonly free: () => void;
  readonly makeReadOnly: () => void;
  readonly unmount: () => void;
}

export function mountSmallDisk(mib: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
  const mount = (...args: string[]): void => {
    run('mount', [...args, path], { stdio: 'ignore' });
  };
  try {
    mount('-t', 'tmpfs', '-o', `size=${mib}m,mode=700`, 'holdfast-test');
  } catch (error) {
    rmSync(path, { recursive: true });
    throw error;
  }
  return {
    path,
    fill: (leavingBytes) => {
      const { blocks, bfree, bsize } = statfsSync(path);
      mount('-o', `remount,size=${Math.ceil((blocks - bfree) * bsize + leavingBytes)}`);
    },
    free: () => mount('-o', `remount,size=${mib}m`),
    makeReadOnly: () => mount('-o', 'remount,ro'),
    unmount: () => {
      run('umount', ['-l', path], { stdio: 'ignore' });
      rmSync(path, { recursive: true });
    },
  };
}

/** Whether this process may mount one. Tests that need it say so in their titles when they are skipped. */
export function canMount(): boolean {
  try {
    mountSmallDisk(1).unmount();
    return true;
  } catch {
    return false;
  }
}
