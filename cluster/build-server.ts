import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { StartupError } from '../src/platform/startup-error.ts';
import { fileProblem } from './file-problem.ts';
import { findGo } from './find-go.ts';
import type { ServerBinaries } from './server-binaries.ts';

const module = 'go.temporal.io/server';
const reportEveryMs = 20_000;
const keptLines = 15;

/**
 * Builds the server and its SQL tool from the Go module of this version, whose dependencies are pinned and verified. Throws
 * `StartupError` if it fails, or the abort reason of `signal`.
 */
export async function buildServer(
  version: string,
  targets: ServerBinaries,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = dirname(targets.server);
  await openBinariesFolder(folder, version);
  const go = await findGo(report, signal);
  report(
    `Building Temporal's server ${version} with ${go}, once: 5 to 10 minutes on two cores, 3 GB of disk`,
  );
  const built = await mkdtemp(join(folder, 'build-'));
  try {
    const packages = [`${module}/cmd/server@v${version}`, `${module}/cmd/tools/sql@v${version}`];
    await install(go, packages, built, report, signal);
    // Each file appears in one step, since two clusters may build at the same time.
    await rename(join(built, 'sql'), targets.sqlTool);
    await rename(join(built, 'server'), targets.server);
  } finally {
    await rm(built, { recursive: true, force: true });
  }
}

async function openBinariesFolder(folder: string, version: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const remedy = `start the cluster as the user who owns this checkout, or put temporal-server and temporal-sql-tool ${version} on PATH`;
    throw fileProblem(folder, 'entered and written', error, remedy);
  }
}

async function install(
  go: string,
  packages: readonly string[],
  into: string,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const child = spawn(go, ['install', '-v', ...packages], {
    env: { ...process.env, GOBIN: into },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  const counts = { fetched: 0, compiled: 0 };
  const last: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('go: downloading')) counts.fetched++;
    else counts.compiled++;
    last.splice(0, last.length - keptLines + 1);
    last.push(line);
  });
  const timer = setInterval(() => {
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    report(`  ${minutes} min: ${counts.fetched} modules fetched, ${counts.compiled} packages compiled`);
  }, reportEveryMs);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0)
      throw new StartupError(
        `Temporal's server could not be built; the end of the output of ${go}:\n${last.join('\n')}`,
      );
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
    child.kill();
  }
}
