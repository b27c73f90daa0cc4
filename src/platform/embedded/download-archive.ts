import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { pinnedVersion } from './cli-version.ts';
import { showProgress } from './progress.ts';

const answerMs = 5_000;
const downloadMs = 300_000;

const downloadInfo = z.object({ archiveUrl: z.url(), fileToExtract: z.string().min(1) });

/**
 * Downloads the CLI from temporal.download, as Temporal's SDKs do for their ephemeral servers, to the file `target`.
 * `progress` gets one line per step.
 */
export async function downloadArchive(target: string, progress: (line: string) => void): Promise<void> {
  const { archiveUrl, fileToExtract } = await lookUp();
  progress(`Fetching temporal ${pinnedVersion} from ${new URL(archiveUrl).host}`);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(`${target}.`);
  try {
    const archive = join(folder, 'archive.tar.gz');
    const response = await fetch(archiveUrl, { signal: AbortSignal.timeout(downloadMs) });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    const bytes = Number(response.headers.get('content-length') ?? 0);
    await pipeline(Readable.fromWeb(response.body), showProgress(bytes), createWriteStream(archive));
    await promisify(execFile)('tar', ['-xzf', archive, '-C', folder, fileToExtract]);
    await chmod(join(folder, fileToExtract), 0o755);
    await rename(join(folder, fileToExtract), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lookUp(): Promise<z.output<typeof downloadInfo>> {
  const query = new URLSearchParams({
    arch: process.arch === 'x64' ? 'amd64' : process.arch,
    platform: process.platform,
    format: 'tar.gz',
    'sdk-name': 'sdk-typescript',
  });
  const response = await fetch(`https://temporal.download/cli/v${pinnedVersion}?${query.toString()}`, {
    signal: AbortSignal.timeout(answerMs),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return downloadInfo.parse(await response.json());
}
