import { pino } from 'pino';
import { expect, test } from 'vitest';
import { checkDisk } from '../../../src/platform/embedded/disk-guard.ts';
import { DiskWatch } from '../../../src/platform/embedded/disk-watch.ts';
import { tempDir } from './support.ts';

async function warningsOf(minFreeBytes: number) {
  const dataDir = await tempDir();
  const lines: unknown[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  await checkDisk(dataDir, minFreeBytes, log);
  return { dataDir, lines };
}

test('free space below the threshold is logged, with the folder, the bytes and the setting', async () => {
  const { dataDir, lines } = await warningsOf(Number.MAX_SAFE_INTEGER);
  expect(lines).toEqual([
    expect.objectContaining({
      dataDir,
      freeBytes: expect.any(Number) as number,
      msg: expect.stringContaining('HOLDFAST_RETENTION_DAYS') as string,
    }),
  ]);
});

test('enough free space is not logged', async () => {
  expect((await warningsOf(0)).lines).toEqual([]);
});

test('free space below the reserve is a problem that names the setting, and is logged once and not with every check', async () => {
  const lines: unknown[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const roomy = new DiskWatch(await tempDir(), 1, log);
  await roomy.look();
  expect(roomy.problem).toBeUndefined();
  const full = new DiskWatch(await tempDir(), Number.MAX_SAFE_INTEGER, log, 'payload store');
  await full.look();
  await full.look();
  expect(full.problem).toMatch(/^The payload store's disk has .*HOLDFAST_DISK_RESERVE_MIB$/);
  expect(lines).toEqual([expect.objectContaining({ level: 50, msg: full.problem })]);
});
