import { randomBytes } from 'node:crypto';
import { link, open, opendir, readFile, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import {
  PayloadStoreError,
  PayloadStoreUnusable,
  type PayloadStore,
  type StoredPayload,
} from './payload-store.ts';
import { removeStaleFiles } from './stale-files.ts';
import { markerFile, StoreFolder } from './store-folder.ts';

/** The folder in which files are written before they are moved to their place, so that no reader sees half a file. */
const temporaryFolder = '.tmp';
/** How often, at most, a write also removes the temporary files that killed writers have left. */
const sweepIntervalMs = 60_000;
const mebibyte = 1024 * 1024;
/** How often a file is written if deletions remove its folder each time. */
const maxWrites = 4;
/** If a file is written into a folder while it is removed, the removal fails with ENOTEMPTY and is repeated. Delays in ms. */
const deletion = { recursive: true, force: true, maxRetries: 5, retryDelay: 10 };
/** Errors that do not go away until somebody changes the folder or its permissions. */
const lastingCodes = new Set(['ENOTDIR', 'EEXIST', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'ELOOP']);

/**
 * Creates a payload store in a folder: one file per key, which only its owner can read, because it holds conversations.
 * `reserveBytes` of the disk are reserved for calls in flight (see `requireRoom`). While the folder is missing, for example
 * because its volume is not mounted, every operation throws `PayloadStoreError`.
 */
export function createFileStore(path: string, reserveBytes = 0): PayloadStore {
  const folder = new StoreFolder(path);
  const root = folder.path;
  const pathOf = (key: string): string => join(root, ...key.split('/'));
  const temporaries = join(root, temporaryFolder);
  /**
   * Runs `action` and checks before and after it that the folder exists. Files that are written into an empty mount point would
   * be hidden by the next mount.
   */
  const withFolder = (action: () => Promise<void>): Promise<void> =>
    orStoreError(async () => {
      await folder.requireThere();
      await action();
      await folder.requireThere();
    });
  let sweepAt = 0;
  return {
    write: (key, bytes) =>
      withFolder(async () => {
        if (Date.now() >= sweepAt) {
          sweepAt = Date.now() + sweepIntervalMs;
          await removeStaleFiles(temporaries);
        }
        await writeWhole(folder, pathOf(key), bytes);
      }),
    writeOnce: (key, bytes) => withFolder(() => writeUnlessPresent(folder, pathOf(key), bytes)),
    read: (key) => orStoreError(() => readUnlessMissing(folder, pathOf(key))),
    async *list(prefix) {
      await orStoreError(() => folder.requireThere());
      yield* walk(root, pathOf(prefix));
      await orStoreError(() => folder.requireThere()); // If the folder vanished meanwhile, the list is incomplete.
    },
    deleteAll: (prefix) => withFolder(() => rm(pathOf(prefix), deletion)),
    requireRoom: (bytes) =>
      orStoreError(async () => {
        await folder.requireThere();
        const free = await freeBytes(root);
        if (free - bytes < reserveBytes)
          throw new PayloadStoreError(
            `The payload store's disk has ${inMib(free)} MiB free, ${inMib(reserveBytes)} MiB are reserved for calls in flight: free some space, or lower HOLDFAST_PAYLOAD_RESERVE_MIB`,
          );
      }),
    check: () =>
      withFolder(async () => {
        await folder.make(temporaries);
        await removeStaleFiles(temporaries);
        const probe = join(temporaries, randomName());
        try {
          await writeNew(probe, Buffer.from('holdfast'));
          await readFile(probe);
        } finally {
          await rm(probe, { force: true });
        }
      }),
  };
}

/** Writes the file atomically. If it exists with the same bytes, only its time is updated; a damaged file is replaced. */
async function writeWhole(folder: StoreFolder, path: string, bytes: Uint8Array): Promise<void> {
  if (await isIntact(path, bytes)) return;
  await writeBeside(folder, path, bytes, (temporary) => rename(temporary, path));
}

/** Writes the file atomically, unless it exists. */
async function writeUnlessPresent(folder: StoreFolder, path: string, bytes: Uint8Array): Promise<void> {
  await writeBeside(folder, path, bytes, async (temporary) => {
    try {
      await link(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
      // Some network shares have no hard links. Then, of several writers at the same moment, the last one wins.
      if (!(await unlessMissing(() => stat(path)))) await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/**
 * Writes a temporary file; `place` then moves it to `path`. A deletion may remove the folder of `path` meanwhile. Then the file
 * is written again, because its owner may be another one by now.
 */
async function writeBeside(
  folder: StoreFolder,
  path: string,
  bytes: Uint8Array,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await writeBesideOnce(folder, path, bytes, place);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === maxWrites) throw error;
      await folder.requireThere();
    }
}

async function writeBesideOnce(
  folder: StoreFolder,
  path: string,
  bytes: Uint8Array,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(folder.path, temporaryFolder, randomName());
  await folder.make(dirname(path));
  await folder.make(dirname(temporary));
  await requireSpace(folder.path, bytes.length);
  try {
    await writeNew(temporary, bytes);
    await place(temporary);
  } catch (error) {
    await rm(temporary, { force: true }); // Otherwise each retry would leave half a file.
    throw error;
  }
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Whether the file exists with exactly these bytes. If so, sets its time to now, so that a sweep sees it as new. */
async function isIntact(path: string, bytes: Uint8Array): Promise<boolean> {
  const intact = await unlessMissing(async () => {
    const { size } = await stat(path);
    if (size !== bytes.length || !(await readFile(path)).equals(bytes)) return false;
    const now = new Date();
    await utimes(path, now, now);
    return true;
  });
  return intact ?? false;
}

/**
 * Throws `PayloadStoreError` if the disk has no room for `bytes`, even after stale temporary files are removed. It is checked
 * before the write, because a file that fails halfway would take the space of smaller files that still fit.
 */
async function requireSpace(root: string, bytes: number): Promise<void> {
  if ((await freeBytes(root)) > bytes) return;
  await removeStaleFiles(join(root, temporaryFolder));
  const free = await freeBytes(root);
  if (free <= bytes)
    throw new PayloadStoreError(
      `The payload store's disk has no room for ${bytes} bytes, ${free} are free: free some space`,
    );
}

async function freeBytes(root: string): Promise<number> {
  const { bavail, bsize } = await statfs(root);
  return bavail * bsize;
}

function inMib(bytes: number): number {
  return Math.floor(bytes / mebibyte);
}

function randomName(): string {
  return `${randomBytes(8).toString('hex')}.tmp`;
}

async function readUnlessMissing(folder: StoreFolder, path: string): Promise<Buffer | undefined> {
  const read = (): Promise<Buffer | undefined> => unlessMissing(() => readFile(path));
  const bytes = await read();
  if (bytes) return bytes;
  await folder.requireThere();
  return read(); // The folder may have been mounted since the first read.
}

async function* walk(root: string, folder: string): AsyncGenerator<StoredPayload> {
  const entries = await orStoreError(() => unlessMissing(() => opendir(folder)));
  if (!entries) return;
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (folder === root && (entry.name === temporaryFolder || entry.name === markerFile)) continue;
    if (entry.isDirectory()) yield* walk(root, path);
    else {
      const found = await orStoreError(() => unlessMissing(() => stat(path)));
      if (found) yield { key: relative(root, path).split(sep).join('/'), writtenAt: found.mtime };
    }
  }
}

async function unlessMissing<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function orStoreError<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof PayloadStoreError) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const Kind = lastingCodes.has(code) ? PayloadStoreUnusable : PayloadStoreError;
    throw new Kind(`The payload store's folder cannot be used (${code})`, { cause: error });
  }
}
