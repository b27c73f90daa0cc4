import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { lstat, realpath, rename, rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { CliError, unreachable } from './errors.ts';

/** Error codes that mean the path is wrong, not the disk. */
const wrongPathCodes = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG']);

/**
 * Writes an answer of the node to `file`, or to standard output if `file` is undefined. The write is atomic: it goes to a
 * temporary file that is renamed at the end, so a broken stream never leaves a truncated file. An existing device or pipe is
 * written directly. `url` is the node's URL, for error messages. Returns the number of bytes. Throws `CliError`: `usage` if the
 * path is wrong, `unreachable` if the node breaks off, otherwise `failed`.
 */
export async function saveStream(
  source: AsyncIterable<unknown>,
  file: string | undefined,
  url: string,
  onChunk: (chunk: Uint8Array) => void,
): Promise<number> {
  if (file === undefined) return copy(source, process.stdout, url, onChunk);
  let partial: string | undefined;
  try {
    const destination = await resolveDestination(file);
    // In the same folder, because a rename needs the same file system.
    if (destination.isFile) partial = `${destination.path}.${randomUUID()}.part`;
    // Readable by the user only: histories contain conversations.
    const target = createWriteStream(partial ?? destination.path, {
      flags: partial ? 'wx' : 'w',
      mode: 0o600,
    });
    await once(target, 'open');
    const bytes = await copy(source, target, url, onChunk);
    target.end();
    await finished(target);
    if (partial) await rename(partial, destination.path);
    return bytes;
  } catch (error) {
    if (partial) await rm(partial, { force: true });
    if (error instanceof CliError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const exit = wrongPathCodes.has(code) ? 'usage' : 'failed';
    throw new CliError(exit, `${file} cannot be written: ${message}`, { cause: error });
  }
}

/**
 * Follows symbolic links and returns where to write. `isFile` is true if the path is a file or does not exist yet. A dangling
 * link is followed: the file that it names is created.
 */
async function resolveDestination(
  file: string,
): Promise<{ readonly path: string; readonly isFile: boolean }> {
  try {
    const path = await realpath(file);
    return { path, isFile: (await stat(path)).isFile() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const isLink = await lstat(file).catch(() => undefined);
    return { path: file, isFile: isLink === undefined };
  }
}

async function copy(
  source: AsyncIterable<unknown>,
  target: Writable,
  url: string,
  onChunk: (chunk: Uint8Array) => void,
): Promise<number> {
  let bytes = 0;
  for await (const chunk of fromNode(source, url)) {
    bytes += chunk.length;
    onChunk(chunk);
    if (!target.write(chunk)) await once(target, 'drain');
  }
  return bytes;
}

/**
 * Yields the chunks of a node's answer. Errors of the answer become `unreachable`, so that they can be distinguished from a
 * full disk.
 */
export async function* fromNode(source: AsyncIterable<unknown>, url: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of source) yield chunk as Uint8Array;
  } catch (error) {
    throw unreachable(url, error);
  }
}
