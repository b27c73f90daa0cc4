import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The folder of a cluster's data, for this user alone; where this is root the user that PostgreSQL runs as may enter it,
 * and no more than that. The mode of a folder that is there already is its owner's business.
 */
export async function makeDataDir(dataDir: string): Promise<void> {
  await mkdir(dirname(dataDir), { recursive: true });
  try {
    await mkdir(dataDir, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  if (process.getuid?.() === 0) await chmod(dataDir, 0o711);
}
