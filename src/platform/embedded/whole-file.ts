/** Small JSON files that are written atomically. */
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Undefined if the file is missing or is not valid JSON. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

export interface WriteOptions {
  readonly mode?: number;
  /** Whether the file is on the disk, and outlives a power failure, before this resolves. */
  readonly durable?: boolean;
}

/** Writes the file atomically. */
export async function writeJson(
  path: string,
  value: unknown,
  { mode = 0o666, durable = false }: WriteOptions = {},
): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(value)}\n`, { mode, flush: durable });
  await rename(temporary, path);
  if (durable) await syncFolder(dirname(path));
}

/** The name of a file is part of its folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
