import { execFile } from 'node:child_process';
import { access, constants, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serverTable } from '../src/platform/server-table.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { hasContainerEngine } from './has-container-engine.ts';

/** An installed PostgreSQL. */
export interface Postgres {
  /** The folder of `postgres`, `initdb` and its other programs. */
  readonly binDir: string;
  /** The full version, e.g. "15.18". */
  readonly version: string;
  readonly major: number;
}

const run = promisify(execFile);
const { oldest, newest } = serverTable.postgres;

/** Folders outside PATH where Debian, Red Hat and Homebrew install several major versions side by side. */
const parents = [
  '/usr/lib/postgresql/',
  '/usr/pgsql-',
  '/opt/homebrew/opt/postgresql@',
  '/usr/local/opt/postgresql@',
];

/**
 * Finds the newest supported PostgreSQL, or the one of `major` if the data was made with that version. Throws `StartupError` if
 * there is none.
 */
export async function findPostgres(major: number | undefined): Promise<Postgres> {
  const found = await everyPostgres();
  const fit = found.filter((one) =>
    major === undefined ? one.major >= oldest && one.major <= newest : one.major === major,
  );
  const [best] = fit.sort((a, b) => b.major - a.major);
  if (best) return best;
  const seen = found.map(({ version, binDir }) => `${version} in ${binDir}`).join(', ') || 'none';
  const wanted = major === undefined ? `${oldest} to ${newest}` : `${major}, which the data was made with,`;
  throw new StartupError(
    [
      `PostgreSQL ${wanted} is needed and was not found on PATH or where packages put it (found: ${seen}).`,
      `Install it, e.g. on Debian: apt-get install ${major === undefined ? 'postgresql' : `postgresql-${major}`}`,
      ...((await hasContainerEngine())
        ? ['Or, as a container engine runs here: docker compose up --build (docs/deployment.md)']
        : []),
    ].join('\n'),
  );
}

async function everyPostgres(): Promise<Postgres[]> {
  const onPath = await run('/bin/sh', ['-c', 'command -v postgres']).then(
    // Resolves links, since the other programs are beside the real file.
    async ({ stdout }) => [dirname(await realpath(stdout.trim()))],
    () => [],
  );
  const beside = (await Promise.all(parents.map(versionsBelow))).flat();
  const found = await Promise.all([...onPath, ...beside].map(postgresIn));
  return found.filter((one) => one !== undefined);
}

async function versionsBelow(parent: string): Promise<string[]> {
  const [, folder = '', prefix = ''] = /^(.*\/)([^/]*)$/.exec(parent) ?? [];
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => join(folder, name, 'bin'));
}

async function postgresIn(binDir: string): Promise<Postgres | undefined> {
  try {
    for (const name of ['initdb', 'pg_isready']) await access(join(binDir, name), constants.X_OK);
    const { stdout } = await run(join(binDir, 'postgres'), ['--version']);
    const [, version = '', major] = /((\d+)[.\w]*)/.exec(stdout) ?? [];
    return major === undefined ? undefined : { binDir, version, major: Number(major) };
  } catch {
    return undefined;
  }
}
