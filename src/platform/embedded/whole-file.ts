/** Small JSON files that are there whole or not at all. */
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Undefined if it is absent or was damaged. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

export interface WriteOptions {
  readonly mode?: number;
  /** Whether it is on the disk, to outlive a loss of power, before this resolves. */
  readonly durable?: boolean;
}

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
