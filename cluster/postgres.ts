/** Creates the data directory of a PostgreSQL that listens on 127.0.0.1, and plans the command that runs it. */
import { execFile } from 'node:child_process';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverTable } from '../src/platform/server-table.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import type { Postgres } from './find-postgres.ts';
import { localhost } from './free-ports.ts';
import type { ClusterProcessPlan } from './cluster-process.ts';

const run = promisify(execFile);

/**
 * Returns the environment for PostgreSQL's programs. It leaves out the user's PG variables, such as PGSERVICE and PGHOSTADDR,
 * because they would direct the programs to another server.
 */
function postgresEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { PATH, HOME, TZ, LD_LIBRARY_PATH } = environment;
  return { PATH, HOME, ...(TZ && { TZ }), ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }) };
}

/** The only role of this PostgreSQL. It owns both databases. */
export const postgresUser = 'temporal';

export const postgresFolder = (dataDir: string): string => join(dataDir, 'postgres');

/**
 * The user that PostgreSQL runs as if this process is root, because PostgreSQL refuses to run as root. Empty if this process is
 * not root.
 */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** Chooses the user `postgres`, else `nobody`. Throws `StartupError` if neither exists or the user cannot enter `dataDir`. */
export async function postgresIdentity(dataDir: string): Promise<Identity> {
  if (process.getuid?.() !== 0) return {};
  const user = (await identityOf('postgres')) ?? (await identityOf('nobody'));
  if (!user) throw new StartupError('PostgreSQL does not run as root: create a user named postgres');
  await run('/bin/sh', ['-c', 'cd "$1"', 'sh', dataDir], { ...user, cwd: '/' }).catch(() => {
    throw new StartupError(
      `PostgreSQL does not run as root, and the user that it is run as (uid ${user.uid}) cannot enter ${dataDir}: let it enter that folder and those above (chmod o+x; it need not read them), or give another with --data, e.g. /var/lib/holdfast-cluster`,
    );
  });
  return user;
}

async function identityOf(name: string): Promise<Required<Identity> | undefined> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => run('id', [flag, name])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return undefined;
  }
}

/** Returns the major version of PostgreSQL that created the data directory; undefined if it does not exist yet. */
export async function madeWith(dataDir: string): Promise<number | undefined> {
  const text = await readFile(join(postgresFolder(dataDir), 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text);
}

/**
 * Creates the data directory of a new PostgreSQL, completely or not at all. Throws `StartupError` if initdb fails, or the abort
 * reason of `signal`.
 */
export async function initPostgres(
  { binDir }: Postgres,
  dataDir: string,
  password: string,
  user: Identity,
  signal: AbortSignal,
): Promise<void> {
  const draft = `${postgresFolder(dataDir)}.new`;
  const passwordFile = join(draft, 'password');
  const files = join(draft, 'files');
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined)
    for (const path of [draft, passwordFile]) await chown(path, user.uid, user.gid);
  const flags = {
    pgdata: files,
    username: postgresUser,
    pwfile: passwordFile,
    auth: 'scram-sha-256',
    encoding: 'UTF8',
    locale: 'C',
  };
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  try {
    await run(join(binDir, 'initdb'), args, { ...user, env: postgresEnvironment(), cwd: '/', signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new StartupError(`initdb failed: ${(error as { stderr?: string }).stderr ?? String(error)}`, {
      cause: error,
    });
  }
  await rm(passwordFile); // Before the rename, since nothing removes a left-over draft once the files exist.
  await rename(files, postgresFolder(dataDir));
  await rm(draft, { recursive: true, force: true });
}

export function postgresPlan(
  { binDir }: Postgres,
  dataDir: string,
  port: number,
  user: Identity,
): Omit<ClusterProcessPlan, 'logFolder'> {
  const settings = {
    listen_addresses: localhost,
    port: String(port),
    // TCP only: on many machines this user may not write to the default folder of sockets.
    unix_socket_directories: '',
    ...serverTable.postgresSettings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    name: 'postgres',
    command: [join(binDir, 'postgres'), '-D', postgresFolder(dataDir), ...flags],
    ...user,
    env: postgresEnvironment(),
    cwd: '/',
    listens: { host: localhost, port },
    // A "fast" shutdown: PostgreSQL disconnects its clients and writes a checkpoint. SIGTERM would wait for the clients.
    stopSignal: 'SIGINT',
    stopMs: 30_000,
    isReady: async () => (await askReadiness(binDir, port)).code === 0,
    whyNotReady: async () => {
      const { code, reason } = await askReadiness(binDir, port);
      return { reason, recovering: code === rejectsConnections };
    },
  };
}

/**
 * pg_isready exits with this code while the server rejects connections because it is starting up, e.g. recovering after a
 * crash.
 */
const rejectsConnections = 1;

async function askReadiness(binDir: string, port: number): Promise<{ code: unknown; reason: string }> {
  const args = [`--host=${localhost}`, `--port=${port}`];
  try {
    const { stdout } = await run(join(binDir, 'pg_isready'), args, { env: postgresEnvironment() });
    return { code: 0, reason: stdout.trim() };
  } catch (error) {
    const { code, stdout = '', message } = error as { code?: unknown; stdout?: string; message: string };
    return { code, reason: stdout.trim() || message };
  }
}
