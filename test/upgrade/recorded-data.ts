/** The recorded data directory, which scripts/record-old-data.ts made with the code of before ADR 0035. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';
import type { OldData } from './old-data.ts';

export const recordedData = fileURLToPath(new URL('before-endings.tgz', import.meta.url));

/** In the data directory: what is in it, as JSON. */
export const dataFile = 'old-data.json';

/** Unpacks the recorded data directory to a new folder. */
export async function unpackOldData(): Promise<{ dataDir: string; data: OldData }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  await extract({ file: recordedData, cwd: dataDir });
  return { dataDir, data: JSON.parse(await readFile(join(dataDir, dataFile), 'utf8')) as OldData };
}
