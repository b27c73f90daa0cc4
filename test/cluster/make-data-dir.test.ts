import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeDataDir } from '../../cluster/make-data-dir.ts';

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
/** Of the data's folder: root's is entered by the user that PostgreSQL runs as. */
const own = process.getuid?.() === 0 ? '711' : '700';

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-cluster-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('only the folder of the data is closed to others, not the folders above it that had to be made', async () => {
  const folder = await tempFolder();
  const dataDir = join(folder, 'new', 'below', 'data');
  await makeDataDir(dataDir);
  await mkdir(join(folder, 'any'));
  const any = await modeOf(join(folder, 'any'));
  expect([await modeOf(dirname(dataDir)), await modeOf(join(folder, 'new'))]).toEqual([any, any]);
  expect(await modeOf(dataDir)).toBe(own);
});

test('a folder that already existed keeps its mode, also at the next start', async () => {
  const folder = await tempFolder();
  await chmod(folder, 0o750);
  await makeDataDir(folder);
  expect(await modeOf(folder)).toBe('750');
  const made = join(folder, 'made');
  for (let start = 0; start < 2; start++) await makeDataDir(made);
  expect(await modeOf(made)).toBe(own);
});

test('a path that cannot be a folder is refused with its name and the user who tried it', async () => {
  const file = join(await tempFolder(), 'file');
  await writeFile(file, '');
  await expect(makeDataDir(file)).rejects.toThrow(`${file} is not a folder: give one with --data`);
  await expect(makeDataDir(join(file, 'below'))).rejects.toThrow(
    /file\/below cannot be .* by (the user|uid) .* \(.*\): .*--data/,
  );
});
