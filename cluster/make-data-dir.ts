import { access, chmod, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartupError } from '../src/platform/startup-error.ts';
import { fileProblem } from './file-problem.ts';

/**
 * Makes the folder for a cluster's data, which only this user may read. If this user is root, the user that PostgreSQL runs as
 * may enter the folder too, but not list it. The mode of a folder that already exists is not changed. Throws `StartupError` if
 * the folder can be neither made nor used.
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

/** If this process is root, lets the user that PostgreSQL runs as enter the folder, but not list it. */
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
