import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openState, stateFile, type State } from '../../cluster/open-state.ts';

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-state-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function open(dataDir: string, shards?: number): Promise<{ state: State; releasePorts: () => void }> {
  const opened = await openState({ dataDir, facades: 2, workers: 1, shards, host: '127.0.0.1' });
  onTestFinished(() => opened.releasePorts());
  return opened;
}

test('the next start finds the secrets, shards and ports in a file that only this user may read', async () => {
  const dataDir = await tempFolder();
  const first = await open(dataDir, 8);
  first.releasePorts();
  const second = await open(dataDir);
  expect(second.state).toEqual(first.state);
  expect(second.state.shards).toBe(8);
  expect((await stat(stateFile(dataDir))).mode & 0o777).toBe(0o600);
  second.releasePorts();
  await expect(open(dataDir, 16)).rejects.toThrow(/made with 8 shards, which cannot be changed/);
});

test('two clusters that start at the same time get no port in common, although neither listens yet', async () => {
  const folders = await Promise.all([tempFolder(), tempFolder()]);
  const opened = await Promise.all(folders.map((folder) => open(folder)));
  const ports = opened.flatMap(({ state }) => Object.values(state.ports));
  expect(new Set(ports).size).toBe(2 * 13);
});

const good = { shards: 4, postgresPassword: 'secret', encryptionKey: 'a key', ports: { postgres: 20_000 } };

test.each([
  '',
  '{',
  '{}',
  '[1]',
  'null',
  JSON.stringify({ ...good, shards: '4' }),
  JSON.stringify({ ...good, encryptionKey: 1 }),
  JSON.stringify({ ...good, ports: { postgres: 70_000 } }),
  JSON.stringify({ ...good, ports: { postgres: 'any' } }),
])('a file that holds %j is damaged: the start says what to do, and leaves it as it is', async (text) => {
  const dataDir = await tempFolder();
  await writeFile(stateFile(dataDir), text);
  await expect(open(dataDir)).rejects.toThrow(
    /cluster\.json is damaged .*: restore it, or remove .* to start with an empty cluster$/,
  );
  expect(await readFile(stateFile(dataDir), 'utf8')).toBe(text);
});

test('a missing state file beside data is refused; one that cannot be read is not called damaged', async () => {
  const [missing, unreadable] = [await tempFolder(), await tempFolder()];
  await mkdir(join(missing, 'postgres'));
  await expect(open(missing)).rejects.toThrow(/cluster\.json is missing, .*: restore it/);
  await mkdir(stateFile(unreadable));
  await expect(open(unreadable)).rejects.toThrow(/cluster\.json cannot be read by .* \(EISDIR/);
});
