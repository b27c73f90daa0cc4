/** The recorded data directories, which scripts/record-old-data.ts made with the code of before ADR 0035, and of before projects. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';
import type { KeyedData } from './make-keyed-data.ts';
import type { OldData } from './old-data.ts';

const recorded = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
export const recordedData = recorded('before-endings.tgz');
export const recordedKeyedData = recorded('before-projects.tgz');

/** In the data directory: what is in it, as JSON. */
export const dataFile = 'old-data.json';

/** Unpacks the data directory of before ADR 0035 to a new folder. */
export async function unpackOldData(): Promise<{ dataDir: string; data: OldData }> {
  const { dataDir, data } = await unpack(recordedData);
  return { dataDir, data: data as OldData };
}

/** Unpacks the data directory of before projects to a new folder. */
export async function unpackKeyedData(): Promise<{ dataDir: string; data: KeyedData }> {
  const { dataDir, data } = await unpack(recordedKeyedData);
  return { dataDir, data: data as KeyedData };
}

async function unpack(file: string): Promise<{ dataDir: string; data: unknown }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  await extract({ file, cwd: dataDir });
  return { dataDir, data: JSON.parse(await readFile(join(dataDir, dataFile), 'utf8')) };
}
