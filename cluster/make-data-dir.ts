import { access, chmod, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartupError } from '../src/platform/startup-error.ts';
import { fileProblem } from './file-problem.ts';

/**
 * The folder of a cluster's data, for this user alone; where this is root the user that PostgreSQL runs as may enter it,
 * and no more than that. The mode of a folder that is there already is its owner's business. Throws `StartupError`.
 */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dirname(dataDir), { recursive: true });
    await mkdir(dataDir, { mode: 0o700 });
    await letPostgresEnter(dataDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileProblem(dataDir, 'made', error);
    await checkFolder(dataDir);
  }
}

/** Where this is root, PostgreSQL runs as another user: it may then enter the folder, but not list it. */
export async function letPostgresEnter(folder: string): Promise<void> {
  if (process.getuid?.() === 0) await chmod(folder, 0o711);
}

async function checkFolder(dataDir: string): Promise<void> {
  try {
    if (!(await stat(dataDir)).isDirectory())
      throw new StartupError(`${dataDir} is not a folder: give one with --data`);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw error instanceof StartupError ? error : fileProblem(dataDir, 'entered and written', error);
  }
}
