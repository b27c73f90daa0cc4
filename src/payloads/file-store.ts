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

/** Where files are while they are written. */
const temporaryFolder = '.tmp';
/** How often, at most, a write looks for what killed writers left. */
const sweepIntervalMs = 60_000;
const mebibyte = 1024 * 1024;
/** Errors that a later try meets again, until somebody changes the folder or its rights. */
const lastingCodes = new Set(['ENOTDIR', 'EEXIST', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'ELOOP']);

/**
 * One file per key below `root`, readable by its owner alone: they are conversations. `reserveBytes` of its disk are kept
 * for the work under way, see `requireRoom`. Without its folder the store is away, and nothing of it is lost.
 */
export function createFileStore(path: string, reserveBytes = 0): PayloadStore {
  const folder = new StoreFolder(path);
  const root = folder.path;
  const pathOf = (key: string): string => join(root, ...key.split('/'));
  const temporaries = join(root, temporaryFolder);
  /** And still there afterwards: what is done under a mount point goes out of sight with the next mount. */
  const whileThere = (action: () => Promise<void>): Promise<void> =>
    orStoreError(async () => {
      await folder.requireThere();
      await action();
      await folder.requireThere();
    });
  let sweepAt = 0;
  return {
    write: (key, bytes) =>
      whileThere(async () => {
        if (Date.now() >= sweepAt) {
          sweepAt = Date.now() + sweepIntervalMs;
          await removeStaleFiles(temporaries);
        }
        await writeWhole(folder, pathOf(key), bytes);
      }),
    writeOnce: (key, bytes) => whileThere(() => writeUnlessThere(folder, pathOf(key), bytes)),
    read: (key) => orStoreError(() => readUnlessMissing(folder, pathOf(key))),
    async *list(prefix) {
      await orStoreError(() => folder.requireThere());
      yield* walk(root, pathOf(prefix));
      await orStoreError(() => folder.requireThere()); // Or it may have ended too early.
    },
    deleteAll: (prefix) => whileThere(() => rm(pathOf(prefix), { recursive: true, force: true })),
    requireRoom: (bytes) =>
      orStoreError(async () => {
        await folder.requireThere();
        const free = await freeBytes(root);
        if (free - bytes < reserveBytes)
          throw new PayloadStoreError(
            `The payload store's disk has ${inMib(free)} MiB free, ${inMib(reserveBytes)} MiB are kept for calls under way: free some space, or lower HOLDFAST_PAYLOAD_RESERVE_MIB`,
          );
      }),
    check: () =>
      whileThere(async () => {
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

/** Whole or not at all. Where the same is there already it only becomes young again; what is there damaged is replaced. */
async function writeWhole(folder: StoreFolder, path: string, bytes: Uint8Array): Promise<void> {
  if (await isThere(path, bytes)) return;
  await writeBeside(folder, path, bytes, (temporary) => rename(temporary, path));
}

async function writeUnlessThere(folder: StoreFolder, path: string, bytes: Uint8Array): Promise<void> {
  await writeBeside(folder, path, bytes, async (temporary) => {
    try {
      await link(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
      // Not every network share has links: there, of several at the very same moment, the last one's bytes are stored.
      if (!(await unlessMissing(() => stat(path)))) await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/** `place` puts the whole file where it belongs. */
async function writeBeside(
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
    await rm(temporary, { force: true }); // Half of it would take the room of others, once per retry.
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

async function isThere(path: string, bytes: Uint8Array): Promise<boolean> {
  const there = await unlessMissing(async () => {
    const { size } = await stat(path);
    if (size !== bytes.length || !(await readFile(path)).equals(bytes)) return false;
    const now = new Date();
    await utimes(path, now, now);
    return true;
  });
  return there ?? false;
}

/** What does not fit is not begun: half of it would take the room of smaller ones. */
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
  return read(); // The folder may have come back since.
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
