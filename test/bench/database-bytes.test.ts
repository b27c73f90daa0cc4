import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { databaseBytes } from '../../bench/database-bytes.ts';

const pageSize = 4_096;

/** A main file that states `pages`, and a log whose frames belong to `salts`, each with the size after its commit. */
async function database(
  pages: number,
  log?: { frames: { salts: string; pages: number }[] },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bytes-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const header = Buffer.alloc(pageSize);
  header.writeUInt16BE(pageSize, 16);
  header.writeUInt32BE(pages, 28);
  await writeFile(join(folder, 'db'), header);
  if (log) {
    const start = Buffer.alloc(32);
    start.write('saltsalt', 16);
    const frames = log.frames.map((frame) => {
      const bytes = Buffer.alloc(24 + pageSize);
      bytes.writeUInt32BE(frame.pages, 4);
      bytes.write(frame.salts, 8);
      return bytes;
    });
    await writeFile(join(folder, 'db-wal'), Buffer.concat([start, ...frames]));
  }
  return join(folder, 'db');
}

describe('the size of a database', () => {
  it('is what its header states', async () => {
    expect(await databaseBytes(await database(7))).toBe(7 * pageSize);
  });

  it('is what the last commit in the log states; a frame within a transaction states none', async () => {
    const frames = [8, 0, 9, 0].map((pages) => ({ salts: 'saltsalt', pages }));
    expect(await databaseBytes(await database(7, { frames }))).toBe(9 * pageSize);
  });

  it('does not go by frames that an earlier round left in the log', async () => {
    const frames = [
      { salts: 'saltsalt', pages: 8 },
      { salts: 'earlier!', pages: 99 },
    ];
    expect(await databaseBytes(await database(7, { frames }))).toBe(8 * pageSize);
  });

  it('is the main file’s where the log is empty', async () => {
    expect(await databaseBytes(await database(7, { frames: [] }))).toBe(7 * pageSize);
  });

  it('is unknown where there is none', async () => {
    expect(await databaseBytes(join(tmpdir(), 'no-such-database'))).toBeUndefined();
  });
});
