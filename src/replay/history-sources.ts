/** Reads histories from files, folders, exports and standard input, one after the other. Nothing is written to disk. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { HistorySource } from './history-source.ts';
import { historiesInText } from './text-histories.ts';
import { asError, printable } from './names.ts';
import { peek } from './peek.ts';
import { historiesInTar, isTar } from './tar-histories.ts';

export interface SourceOptions {
  /**
   * The largest history that is read; a larger one counts as unreadable. Default: 128 MiB, because Temporal ends a workflow at
   * 50 MB, and JSON may double that.
   */
  readonly maxHistoryBytes?: number;
  /** The stream that `-` reads. Default: standard input. */
  readonly stdin?: Readable;
}

const defaultMaxHistoryBytes = 128 * 1024 * 1024;
const inFolders = /\.(json|ndjson|jsonl|tar|tgz)(\.gz)?$/;

/**
 * Yields the histories at the paths, in their order. A path is a history as JSON, an export (NDJSON or tar), a folder that
 * contains such files at any depth, or `-`. Files may be gzipped; their format is detected from their content. It never
 * throws: a file that cannot be read yields a source with an `Error`, and the next one follows.
 */
export async function* fromPaths(
  paths: readonly string[],
  options: SourceOptions = {},
): AsyncGenerator<HistorySource> {
  const maxBytes = options.maxHistoryBytes ?? defaultMaxHistoryBytes;
  for (const path of paths)
    if (path === '-')
      yield* withErrorIfEmpty(
        'standard input',
        fromStream('standard input', options.stdin ?? process.stdin, maxBytes),
      );
    else yield* withErrorIfEmpty(path, fromFileOrFolder(path, maxBytes));
}

async function* fromFileOrFolder(path: string, maxBytes: number): AsyncGenerator<HistorySource> {
  for await (const file of filesOf(path)) yield* fromFile(file, maxBytes);
}

/** Adds an error if a path holds no history, so that a wrong path does not pass for a successful replay of nothing. */
async function* withErrorIfEmpty(
  path: string,
  found: AsyncIterable<HistorySource>,
): AsyncGenerator<HistorySource> {
  let some = false;
  for await (const one of found) {
    some = true;
    yield one;
  }
  if (!some) yield { name: printable(path), history: new Error('It holds no history') };
}

async function* fromFile(path: string, maxBytes: number): AsyncGenerator<HistorySource> {
  const stream = createReadStream(path);
  try {
    yield* fromStream(path, stream, maxBytes);
  } finally {
    stream.destroy();
  }
}

async function* fromStream(
  name: string,
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<HistorySource> {
  try {
    const content = await unzipped(stream);
    const { first, all } = await peek(content, 512);
    yield* isTar(first)
      ? historiesInTar(name, all, maxBytes)
      : historiesInText(printable(name), all, maxBytes);
  } catch (error) {
    yield { name: printable(name), history: asError(error) };
  }
}

/**
 * Yields the files at a path, sorted by name. Links in folders are not followed. A missing path is yielded too: reading it
 * fails.
 */
async function* filesOf(path: string): AsyncGenerator<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    yield path;
    return;
  }
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isDirectory()) yield* filesOf(join(path, entry.name));
    else if (entry.isFile() && inFolders.test(entry.name)) yield join(path, entry.name);
}

async function unzipped(stream: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const { first, all } = await peek(stream, 2);
  if (first[0] !== 0x1f || first[1] !== 0x8b) return all;
  const unzip = createGunzip();
  // An error also ends `unzip`, so its reader gets it.
  pipeline(all, unzip).catch(() => undefined);
  return unzip as AsyncIterable<Uint8Array>;
}
