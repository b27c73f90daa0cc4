import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Nobody writes one file for so long: its process was killed. One that does all the same only has to write again. */
const staleMs = 60_000;

/** Of the files that are being written there, removes those whose writer is gone. Other processes may write beside us. */
export async function removeStaleFiles(folder: string): Promise<void> {
  const before = Date.now() - staleMs;
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found && found.mtimeMs < before) await rm(path, { force: true });
  }
}
