import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { downloadWheel } from '../../../src/platform/embedded/download-wheel.ts';
import type { PinnedWheel } from '../../../src/platform/embedded/pinned-wheels.ts';
import { program, tempDir } from './support.ts';

/** A zip of one file, stored without compression. */
function zipOf(name: string, content: string): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0);
  header.writeUInt32LE(crc32(content), 10);
  header.writeUInt32LE(content.length, 14);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), header, Buffer.from(name + content)]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00'),
    header,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]);
}

/** A fake pip that downloads a wheel with `content` under `member`, and that wheel's pinned entry. */
async function pipWith(member: string, content: string) {
  const home = await tempDir();
  const bin = join(home, 'on path');
  await mkdir(bin);
  const zip = zipOf(member, content);
  await writeFile(join(home, 'wheel'), zip);
  const script = `while [ "$1" != -d ]; do shift; done; cat "${home}/wheel" > "$2/$3.whl"`;
  await program(join(bin, 'pip'), `PATH=/bin:/usr/bin; ${script}`);
  vi.stubEnv('PATH', bin);
  onTestFinished(() => void vi.unstubAllEnvs());
  const digest = createHash('sha256').update(zip).digest('hex');
  const wheel: PinnedWheel = {
    package: 'a-tool-bin',
    version: '1.2.3',
    script: 'a-tool',
    megabytes: 1,
    digests: { [`${process.platform} ${process.arch}`]: digest },
  };
  return { wheel, binariesDir: join(home, 'bin'), target: join(home, 'bin', 'a-tool-1.2.3') };
}

const quiet = (): void => undefined;

test("a wheel's binary is put in place, executable, and no other file remains", async () => {
  const { wheel, binariesDir, target } = await pipWith('a_tool_bin-1.2.3.data/scripts/a-tool', 'the tool');
  const told: string[] = [];
  await downloadWheel(wheel, target, (line) => void told.push(line));
  expect(await readFile(target, 'utf8')).toBe('the tool');
  expect((await stat(target)).mode & 0o111).toBe(0o111);
  expect(await readdir(binariesDir)).toEqual(['a-tool-1.2.3']);
  expect(told).toEqual(['Fetching a-tool-bin 1.2.3 with pip (1 MB)', 'Unpacking it']);
});

test('processes that download the same wheel at the same time do not disturb each other', async () => {
  const { wheel, binariesDir, target } = await pipWith('a_tool_bin-1.2.3.data/scripts/a-tool', 'the tool');
  await Promise.all(Array.from({ length: 5 }, () => downloadWheel(wheel, target, quiet)));
  expect(await readFile(target, 'utf8')).toBe('the tool');
  expect(await readdir(binariesDir)).toEqual(['a-tool-1.2.3']);
});

test('a wheel without the binary is refused', async () => {
  const { wheel, binariesDir, target } = await pipWith('something/else', 'the tool');
  await expect(downloadWheel(wheel, target, quiet)).rejects.toThrow(
    'the wheel has no a_tool_bin-1.2.3.data/scripts/a-tool',
  );
  expect(await readdir(binariesDir)).toEqual([]);
});

test('a platform without a wheel is an error before anything is downloaded', async () => {
  const { wheel, target } = await pipWith('any', '');
  await expect(downloadWheel({ ...wheel, digests: {} }, target, quiet)).rejects.toThrow(
    `no wheel for ${process.platform} ${process.arch}`,
  );
});
