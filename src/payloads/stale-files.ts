import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A temporary file that is older than this is stale: no write takes this long, so its writer was killed. A writer that still
 * lives after all retries its write.
 */
const staleMs = 60_000;

/** Removes the temporary files of killed writers from `folder`. Other processes may be writing there at the same time. */
export async function removeStaleFiles(folder: string): Promise<void> {
  const before = Date.now() - staleMs;
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found && found.mtimeMs < before) await rm(path, { force: true });
  }
}
