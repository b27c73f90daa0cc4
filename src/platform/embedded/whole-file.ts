/** Small JSON files that are written atomically. */
import { readFile, rename, writeFile } from 'node:fs/promises';

/** Undefined if the file is missing or is not valid JSON. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Writes the file atomically. */
export async function writeJson(path: string, value: unknown, mode = 0o666): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(value)}\n`, { mode });
  await rename(temporary, path);
}
