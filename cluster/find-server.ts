/** Temporal's full server and its SQL tool: on PATH in the table's version, or built here once. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { versionOf } from '../src/platform/embedded/cli-version.ts';
import { binariesDir } from '../src/platform/paths.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { buildServer } from './build-server.ts';
import type { ServerBinaries } from './server-binaries.ts';

const version = serverTable.temporal;
const names: ServerBinaries = { server: 'temporal-server', sqlTool: 'temporal-sql-tool' };

/** Absolute paths. Throws `StartupError`. */
export async function findServer(
  tell: (line: string) => void,
  calledOff: AbortSignal,
): Promise<ServerBinaries> {
  const [server, sqlTool] = await Promise.all([onPath(names.server), onPath(names.sqlTool)]);
  const itsVersion = server && (await versionOf(server));
  if (server && sqlTool && itsVersion === version) return { server, sqlTool };
  if (server)
    tell(
      itsVersion === version
        ? `${server} is not used: there is no ${names.sqlTool} on PATH, which makes its schema`
        : `${server} is not used: it is ${itsVersion ?? 'none that runs here'}, not ${version}`,
    );
  const kept = {
    server: join(binariesDir, `${names.server}-${version}`),
    sqlTool: join(binariesDir, `${names.sqlTool}-${version}`),
  };
  // Of the two the server is put in place last: where it is, its tool is too.
  if ((await versionOf(kept.server)) !== version) await buildServer(version, kept, tell, calledOff);
  return kept;
}

async function onPath(name: string): Promise<string | undefined> {
  return promisify(execFile)('/bin/sh', ['-c', 'command -v "$1"', 'sh', name]).then(
    ({ stdout }) => resolve(stdout.trim()),
    () => undefined,
  );
}
