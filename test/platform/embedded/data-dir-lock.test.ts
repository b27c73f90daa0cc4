import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { lockDataDir } from '../../../src/platform/embedded/data-dir-lock.ts';
import { tempDir } from './support.ts';

const lockOf = (dataDir: string): string => join(dataDir, 'node.lock.41');

/** Start time of a process as the lock records it; undefined without /proc. */
async function beganInProc(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

async function endedPid(): Promise<number> {
  const child = execFile('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

test('a data directory is locked until the lock is released', async () => {
  const dataDir = await tempDir();
  const unlock = await lockDataDir(dataDir);
  await expect(lockDataDir(dataDir)).rejects.toMatchObject({ code: 'database_locked' });
  await unlock();
  const unlockAgain = await lockDataDir(dataDir);
  await unlockAgain();
  expect(await readdir(dataDir)).toEqual(['node.lock.2']);
});

test('the lock of a dead process does not block a restart', async () => {
  const dataDir = await tempDir();
  await writeFile(lockOf(dataDir), JSON.stringify({ pid: await endedPid(), began: '1' }));
  await lockDataDir(dataDir);
  expect(await readdir(dataDir)).toEqual(['node.lock.42']);
  const lock: unknown = JSON.parse(await readFile(join(dataDir, 'node.lock.42'), 'utf8'));
  expect(lock).toMatchObject({ pid: process.pid });
});

test('a new process with the pid of the dead one does not block a restart', async () => {
  const dataDir = await tempDir();
  await writeFile(lockOf(dataDir), JSON.stringify({ pid: process.ppid, began: 'long ago' }));
  await lockDataDir(dataDir);
});

test('a zombie process does not block a restart', async () => {
  const dataDir = await tempDir();
  // The shell replaces itself by a program that never waits for the child that it had started. It must do so before the
  // child dies, because the shell would reap it.
  const parent = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  const seen = (column: string, pid: string) =>
    spawnSync('ps', ['-o', `${column}=`, '-p', pid], { encoding: 'utf8' }).stdout.trim();
  await expect
    .poll(() => seen('comm', String(parent.pid)), { interval: 5, timeout: 10_000 })
    .toMatch(/sleep$/);
  process.kill(Number(line), 'SIGKILL');
  await expect.poll(() => seen('stat', line), { interval: 5, timeout: 10_000 }).toMatch(/^Z/);
  const began = (await beganInProc(line)) ?? seen('lstart', line);
  await writeFile(lockOf(dataDir), JSON.stringify({ pid: Number(line), began }));
  await lockDataDir(dataDir);
});

test.each(['', '{}', '{"pid":'])('a damaged lock (%j) does not block a restart', async (text) => {
  const dataDir = await tempDir();
  await writeFile(lockOf(dataDir), text);
  await lockDataDir(dataDir);
});

test.each(['free', 'left by a process that is gone'])(
  'of many nodes that start at once on a directory that is %s, one gets it',
  async (state) => {
    const dataDir = await tempDir();
    if (state !== 'free')
      await writeFile(lockOf(dataDir), JSON.stringify({ pid: await endedPid(), began: '1' }));
    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => lockDataDir(dataDir)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(dataDir)).toHaveLength(1);
  },
);
