/** The recorded data directories, which scripts/record-old-data.ts made with the code of before ADR 0035, and of before projects. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';
import type { OldData } from './old-data.ts';

const recorded = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
export const recordedData = recorded('before-endings.tgz');
export const recordedKeyedData = recorded('before-projects.tgz');

/** In the data directory: what is in it, as JSON. */
export const dataFile = 'old-data.json';

/** Unpacks a recorded data directory to a new folder. */
export async function unpackOldData<T = OldData>(file = recordedData): Promise<{ dataDir: string; data: T }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  await extract({ file, cwd: dataDir });
  return { dataDir, data: JSON.parse(await readFile(join(dataDir, dataFile), 'utf8')) as T };
}
