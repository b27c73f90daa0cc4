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

/** Returns absolute paths. Throws `StartupError`, or the reason of `signal` if that is aborted. */
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

/** Both programs, if both have the supported version. If there is a server on PATH that is not used, reports the reason. */
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
