/** Reads and atomically writes small JSON files. */
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Reads a JSON file. Undefined if it is missing or is not valid JSON. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

export interface WriteOptions {
  readonly mode?: number;
  /** Whether to resolve only once the file is on the disk and survives a power failure. */
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

/** Writes a folder to the disk, because the names of its files are part of it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
