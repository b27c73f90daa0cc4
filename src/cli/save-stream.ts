import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { CliError, unreachable } from './errors.ts';

/** What is wrong with a place rather than with its disk. */
const wrongPlace = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG']);

/**
 * To a file, or to standard output without one. The file appears whole or not at all: a stream that breaks leaves none
 * that looks like all. Returns the bytes.
 */
export async function saveStream(
  source: AsyncIterable<unknown>,
  file: string | undefined,
  url: string,
  onChunk: (chunk: Uint8Array) => void,
): Promise<number> {
  if (file === undefined) return copy(source, process.stdout, url, onChunk);
  const partial = `${file}.part`;
  try {
    const target = createWriteStream(partial, { mode: 0o600 }); // Histories hold conversations.
    await once(target, 'open');
    const bytes = await copy(source, target, url, onChunk);
    target.end();
    await finished(target);
    await rename(partial, file);
    return bytes;
  } catch (error) {
    await rm(partial, { force: true });
    if (error instanceof CliError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const exit = wrongPlace.has(code) ? 'usage' : 'failed';
    throw new CliError(exit, `${file} cannot be written: ${message}`, { cause: error });
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
