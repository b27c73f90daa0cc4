import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { StartupError } from '../src/platform/startup-error.ts';
import { findGo } from './find-go.ts';
import type { ServerBinaries } from './server-binaries.ts';

const module = 'go.temporal.io/server';
const tellEveryMs = 20_000;
const keptLines = 15;

/** From the Go module of this version, whose dependencies are pinned and checked. Throws `StartupError`, or the reason of `calledOff`. */
export async function buildServer(
  version: string,
  targets: ServerBinaries,
  tell: (line: string) => void,
  calledOff: AbortSignal,
): Promise<void> {
  const folder = dirname(targets.server);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const go = await findGo(tell, calledOff);
  tell(`Building Temporal's server ${version} with ${go}, once: 5 to 10 minutes on two cores, 3 GB of disk`);
  const built = await mkdtemp(join(folder, 'build-'));
  try {
    const packages = [`${module}/cmd/server@v${version}`, `${module}/cmd/tools/sql@v${version}`];
    await install(go, packages, built, tell, calledOff);
    // In one step each: two clusters may build at once.
    await rename(join(built, 'sql'), targets.sqlTool);
    await rename(join(built, 'server'), targets.server);
  } finally {
    await rm(built, { recursive: true, force: true });
  }
}

async function install(
  go: string,
  packages: readonly string[],
  into: string,
  tell: (line: string) => void,
  calledOff: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const child = spawn(go, ['install', '-v', ...packages], {
    env: { ...process.env, GOBIN: into },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: calledOff,
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
    tell(`  ${minutes} min: ${counts.fetched} modules fetched, ${counts.compiled} packages compiled`);
  }, tellEveryMs);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0)
      throw new StartupError(
        `Temporal's server could not be built; the end of what ${go} says:\n${last.join('\n')}`,
      );
  } catch (error) {
    calledOff.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
    child.kill();
  }
}
