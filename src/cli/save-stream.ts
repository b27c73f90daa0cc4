import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { lstat, realpath, rename, rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { CliError, unreachable } from './errors.ts';

/** What is wrong with a place rather than with its disk. */
const wrongPlace = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG']);

/**
 * To a file, or to standard output without one. A file appears whole or not at all: a stream that breaks leaves none that
 * looks like all. What is there and is no file, such as a device or a pipe, is written into. Returns the bytes.
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
    const place = await placeOf(file);
    // Beside the file, on the same file system, under a name that nothing has.
    if (place.isFile) partial = `${place.path}.${randomUUID()}.part`;
    // Histories hold conversations.
    const target = createWriteStream(partial ?? place.path, { flags: partial ? 'wx' : 'w', mode: 0o600 });
    await once(target, 'open');
    const bytes = await copy(source, target, url, onChunk);
    target.end();
    await finished(target);
    if (partial) await rename(partial, place.path);
    return bytes;
  } catch (error) {
    if (partial) await rm(partial, { force: true });
    if (error instanceof CliError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const exit = wrongPlace.has(code) ? 'usage' : 'failed';
    throw new CliError(exit, `${file} cannot be written: ${message}`, { cause: error });
  }
}

/** Where a link leads. What is not there yet becomes a file; a link that leads nowhere yet is written through. */
async function placeOf(file: string): Promise<{ readonly path: string; readonly isFile: boolean }> {
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

/** So that a node that breaks off is told apart from a disk that is full. */
export async function* fromNode(source: AsyncIterable<unknown>, url: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of source) yield chunk as Uint8Array;
  } catch (error) {
    throw unreachable(url, error);
  }
}
