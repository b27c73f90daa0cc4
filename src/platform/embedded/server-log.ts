/** A server's own log, a file in the data directory. */
import { copyFile, open, rename, stat, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** From this size on the log is put aside at the next start; one older file is kept. */
const maxBytes = 10 * 1024 * 1024;
const maxTailBytes = 2_000;

export interface ServerLog {
  readonly path: string;
  readonly file: FileHandle;
  /** The last five lines since this start. */
  tail(): Promise<string>;
}

export async function openServerLog(dataDir: string, name = 'temporal.log'): Promise<ServerLog> {
  const path = join(dataDir, name);
  if ((await sizeOf(path)) > maxBytes) await rename(path, `${path}.1`);
  const begin = await sizeOf(path);
  return { path, file: await open(path, 'a', 0o600), tail: () => tailOf(path, begin) };
}

/** Puts a log that is being written aside, as at a start. Its writer appends, so it goes on at the file's new beginning. */
export async function boundServerLog(path: string): Promise<void> {
  if ((await sizeOf(path)) <= maxBytes) return;
  await copyFile(path, `${path}.1`);
  await truncate(path);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function tailOf(path: string, begin: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const end = (await file.stat()).size;
    const from = Math.max(begin, end - maxTailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, end - from)), 0, end - from, from);
    return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-5).join('\n');
  } finally {
    await file.close();
  }
}
