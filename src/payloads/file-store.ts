import { randomBytes } from 'node:crypto';
import { mkdir, open, opendir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { PayloadStoreError, type PayloadStore, type StoredPayload } from './payload-store.ts';

/** One file per key below `root`, readable by its owner alone: they are conversations. */
export function createFileStore(root: string): PayloadStore {
  const pathOf = (key: string): string => join(root, ...key.split('/'));
  return {
    write: (key, bytes) => orStoreError(() => writeWhole(pathOf(key), bytes)),
    read: (key) => orStoreError(() => unlessMissing(() => readFile(pathOf(key)))),
    list: (prefix) => walk(root, pathOf(prefix)),
    deleteAll: (folder) => orStoreError(() => rm(pathOf(folder), { recursive: true, force: true })),
  };
}

/** Whole or not at all. What is there already is the same content: it only becomes young again. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const now = new Date();
  const there = await unlessMissing(() => utimes(path, now, now).then(() => true));
  if (there) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

async function* walk(root: string, folder: string): AsyncGenerator<StoredPayload> {
  const entries = await unlessMissing(() => opendir(folder));
  if (!entries) return;
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(root, path);
    else {
      const found = await unlessMissing(() => stat(path));
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
    const { code } = error as NodeJS.ErrnoException;
    throw new PayloadStoreError(`The payload store's folder cannot be used (${code ?? 'unknown'})`, {
      cause: error,
    });
  }
}
