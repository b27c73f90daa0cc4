/** Prepares the data directory: creates it, checks that it is writable and that its database is not newer than the CLI. */
import { access, constants, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atLeast } from './cli-version.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';
import { readJson, writeJson } from './whole-file.ts';

export function databaseIn(dataDir: string): string {
  return join(dataDir, 'temporal.db');
}

/**
 * Creates the data directory if it is missing, with mode 0700, because it holds conversations and the key. Throws
 * `EmbeddedServerError` if it is not writable.
 */
export async function openDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    const probe = join(dataDir, `.probe-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new EmbeddedServerError(
      'data_dir_unwritable',
      `The data directory ${dataDir} cannot be written (${(error as Error).message}): fix its permissions or set HOLDFAST_DATA_DIR`,
      { cause: error },
    );
  }
}

/**
 * Checks the version of the database. Throws `EmbeddedServerError` if a newer CLI wrote it. Otherwise records this CLI's
 * version next to it.
 */
export async function checkDatabaseVersion(dataDir: string, cliVersion: string): Promise<void> {
  const path = join(dataDir, 'temporal.version.json');
  const written = (await readJson<{ cli?: string }>(path))?.cli;
  if (written !== undefined && !atLeast(cliVersion, written) && (await exists(databaseIn(dataDir))))
    throw new EmbeddedServerError(
      'database_newer',
      `The database in ${dataDir} was written by temporal ${written}, newer than this ${cliVersion}: set HOLDFAST_TEMPORAL_CLI to ${written} or newer, or HOLDFAST_DATA_DIR to another folder`,
    );
  await writeJson(path, { cli: cliVersion });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
