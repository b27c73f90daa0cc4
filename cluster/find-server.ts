/** Finds Temporal's full server and its SQL tool on PATH in the supported version, or builds them once. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { versionOf } from '../src/platform/embedded/cli-version.ts';
import { binariesDir } from '../src/platform/paths.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { buildServer } from './build-server.ts';
import type { ServerBinaries } from './server-binaries.ts';

const run = promisify(execFile);
const version = serverTable.temporal;
const names: ServerBinaries = { server: 'temporal-server', sqlTool: 'temporal-sql-tool' };

/**
 * Finds or builds both programs and returns their absolute paths. Throws `StartupError` if the build fails, or the abort reason
 * of `signal`.
 */
export async function findServer(
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<ServerBinaries> {
  const onPath = await findOnPath(report);
  if (onPath) return onPath;
  const built = {
    server: join(binariesDir, `${names.server}-${version}`),
    sqlTool: join(binariesDir, `${names.sqlTool}-${version}`),
  };
  // A build installs the tool before the server, so if the server exists, the tool does too.
  if ((await versionOf(built.server)) !== version) await buildServer(version, built, report, signal);
  return built;
}

/**
 * Returns both programs if they are on PATH in the supported version, otherwise undefined. Reports why a server on PATH is not
 * used.
 */
async function findOnPath(report: (line: string) => void): Promise<ServerBinaries | undefined> {
  const [server, sqlTool] = await Promise.all([pathOf(names.server), pathOf(names.sqlTool)]);
  if (!server) return undefined;
  const serverVersion = await versionOf(server);
  if (serverVersion !== version)
    report(`${server} is not used: it is ${serverVersion ?? 'none that runs here'}, not ${version}`);
  else if (!sqlTool)
    report(`${server} is not used: there is no ${names.sqlTool} on PATH, which makes its schema`);
  else {
    const toolVersion = await sqlToolVersionOf(sqlTool);
    if (toolVersion === version) return { server, sqlTool };
    report(
      `${server} is not used: ${sqlTool}, which makes its schema, is ${toolVersion ?? 'none that runs here'}, not ${version}`,
    );
  }
  return undefined;
}

async function sqlToolVersionOf(sqlTool: string): Promise<string | undefined> {
  const { stdout } = await run(sqlTool, ['--version'], { timeout: 15_000 }).catch(() => ({ stdout: '' }));
  return /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
}

async function pathOf(name: string): Promise<string | undefined> {
  return run('/bin/sh', ['-c', 'command -v "$1"', 'sh', name]).then(
    ({ stdout }) => resolve(stdout.trim()),
    () => undefined,
  );
}
