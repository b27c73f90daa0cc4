import { statfs } from 'node:fs/promises';
import type { Log } from '../logging.ts';

/** Warns while the data directory's disk has less than `minFreeBytes` left. */
export async function checkDisk(dataDir: string, minFreeBytes: number, log: Log): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const freeBytes = bavail * bsize;
  if (freeBytes < minFreeBytes)
    log.warn(
      { dataDir, freeBytes, minFreeBytes },
      'The disk is nearly full: free some space, or lower HOLDFAST_RETENTION_DAYS; a full disk stops every call',
    );
}
