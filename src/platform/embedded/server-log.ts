/** The log file of a server, in the data directory. */
import { copyFile, open, rename, stat, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** A log that is larger than this is rotated at the next start. One older file is kept. */
const maxBytes = 10 * 1024 * 1024;
const maxTailBytes = 65_536;
const tailLines = 5;

/** A log that is open for writing. */
export interface ServerLog {
  readonly path: string;
  readonly file: FileHandle;
  /** Returns the last five lines that were written since this start. */
  tail(): Promise<string>;
}

/** Opens the log for appending, and rotates it first if it is large. */
export async function openServerLog(dataDir: string, name = 'temporal.log'): Promise<ServerLog> {
  const path = join(dataDir, name);
  if ((await sizeOf(path)) > maxBytes) await rename(path, `${path}.1`);
  const begin = await sizeOf(path);
  return { path, file: await open(path, 'a', 0o600), tail: () => tailOf(path, begin) };
}

/**
 * Rotates a log while a server writes it: copies the file and truncates it. The server opens its log for appending, so it
 * continues at the new beginning.
 */
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
    return lastLines(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}

/**
 * Returns the last lines of the log. After a panic of a Go program it returns the lines before the panic, not the stack trace
 * that follows.
 */
function lastLines(log: string): string {
  const lines = log.trim().split('\n');
  const panic = lines.findLastIndex((line) => line.startsWith('panic: '));
  const end = panic === -1 ? lines.length : panic + 1;
  return lines.slice(Math.max(0, end - tailLines), end).join('\n');
}
