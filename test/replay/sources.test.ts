/** Reading histories in every form that Holdfast, the temporal CLI and the Web UI write, and from hostile files. */
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Header } from 'tar';
import { describe, expect, it } from 'vitest';
import { ndjsonOf, tarOf } from '../../src/api/calls/call-export-format.ts';
import { fromPaths } from '../../src/replay/history-sources.ts';
import { readHistory } from './gate.ts';
import { bytesOf, collect, fromBytes, temporaryFolder } from './support.ts';

const json = readHistory('success');
const history: unknown = JSON.parse(json);

const entry = (path: string, content: string, more: object = {}): Buffer => {
  const header = new Header({ path, mode: 0o644, size: content.length, type: 'File', ...more });
  header.encode();
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header.block ?? Buffer.alloc(0), body]);
};
const tar = (...entries: Buffer[]): Buffer => Buffer.concat([...entries, Buffer.alloc(1_024)]);

describe('an export', () => {
  const calls = fc.uniqueArray(
    fc.record({
      callId: fc
        .string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
        .filter((id) => !/\p{Cc}|\p{Cs}/u.test(id)),
      agentAsked: fc.string(),
      history: fc.jsonValue().map((value) => JSON.stringify({ events: [value] })),
    }),
    { maxLength: 8, selector: ({ callId }) => callId },
  );

  it.each([
    ['NDJSON', ndjsonOf, false],
    ['a tar', tarOf, false],
    ['a gzipped tar', tarOf, true],
  ] as const)('as %s holds what went in, however it is cut into pieces', async (_name, format, zipped) => {
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: 1, max: 2_000 }), async (all, pieceBytes) => {
        const bytes = await bytesOf(format, all);
        const read = await fromBytes(zipped ? gzipSync(bytes) : bytes, pieceBytes);
        const expected = all.map((one) => ({
          name: one.callId,
          history: JSON.parse(one.history) as unknown,
        }));
        if (all.length > 0) expect(read).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('histories are read', () => {
  it('from JSON in one line or many, gzipped or not, and from folders at any depth', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'b', 'c'), { recursive: true });
    await writeFile(join(folder, 'a.json'), json);
    await writeFile(join(folder, 'b', 'laid-out.json'), JSON.stringify(history, null, 2));
    await writeFile(join(folder, 'b', 'c', 'one.json.gz'), gzipSync(json));
    await writeFile(join(folder, 'calls.ndjson'), `{"call_id":"x","history":${json.trim()}}\n\n`);
    await writeFile(join(folder, 'notes.txt'), 'nothing of replay');
    await symlink('/etc/passwd', join(folder, 'link.json'));
    const read = await collect(fromPaths([folder]));
    expect(read.map(({ name }) => name.replace(`${folder}/`, ''))).toEqual([
      'a.json',
      'b/c/one.json.gz',
      'b/laid-out.json',
      'x',
    ]);
    for (const one of read) expect(one.history).toEqual(history);
  });

  it('one after the other, with an error for each file that cannot be read', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.json'), '{"secret prompt": oops}');
    await writeFile(join(folder, 'b.json'), '');
    await writeFile(join(folder, 'c.json'), json);
    await writeFile(join(folder, 'd.json.gz'), gzipSync(json).subarray(0, 300));
    await writeFile(join(folder, 'e.ndjson'), `{"call_id":"1","history":{}}\n{"call_id":"2","hist`);
    const [bad, empty, good, cut, whole, half, missing] = await collect(fromPaths([folder, '/nowhere.json']));
    expect(bad?.history).toMatchObject({ message: expect.stringMatching(/^It is not JSON/) as string });
    expect(String(bad?.history)).not.toContain('secret prompt');
    expect(String(empty?.history)).toMatch(/empty/);
    expect(good?.history).toEqual(history);
    expect(String(cut?.history)).toMatch(/unexpected end of file/);
    expect(whole).toEqual({ name: '1', history: {} });
    expect(half).toMatchObject({ name: `${folder}/e.ndjson:2`, history: expect.any(Error) as Error });
    expect(missing).toMatchObject({ name: '/nowhere.json', history: expect.any(Error) as Error });
  });
});

describe('a hostile archive', () => {
  it('writes no files: paths are only names to show, and links and devices are skipped', async () => {
    const folder = await temporaryFolder();
    const target = join(folder, 'target.json');
    const read = await fromBytes(
      gzipSync(
        tar(
          entry(`../../..${target}`, json),
          entry(target, json),
          entry('link.json', '', { type: 'SymbolicLink', linkpath: '/etc/passwd' }),
          entry('hard.json', '', { type: 'Link', linkpath: '/etc/passwd' }),
          entry('device.json', '', { type: 'CharacterDevice' }),
          entry('terminal\u001b[2J.json', json),
          entry('readme.txt', 'not a history'),
        ),
      ),
    );
    expect(read.map(({ name }) => name)).toEqual(['target', 'target', 'terminal?[2J']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('with a huge history is not loaded into memory', async () => {
    const bomb = gzipSync(tar(entry('bomb.json', ' '.repeat(20_000_000)), entry('ok.json', json)));
    const read = await fromBytes(bomb, 65_536, 1_000_000);
    expect(String(read[0]?.history)).toMatch(/larger than 1000000 bytes/);
    expect(read[1]).toMatchObject({ name: 'ok', history });
    const line = Buffer.concat([
      Buffer.from(`{"history":${' '.repeat(2_000_000)}{}}\n`),
      Buffer.from('{"history":1}'),
    ]);
    expect((await fromBytes(line, 65_536, 1_000_000)).map((one) => one.history)).toEqual([
      expect.any(Error),
      1,
    ]);
  });

  it('that is truncated or damaged yields its intact histories and an error', async () => {
    const bytes = tar(entry('one.json', json), entry('two.json', json));
    const cut = await fromBytes(bytes.subarray(0, bytes.length - 4_096));
    expect(cut[0]).toMatchObject({ name: 'one', history });
    expect(String(cut[1]?.history)).toMatch(/archive is damaged/);
    const damaged = Buffer.from(bytes);
    damaged.fill(7, damaged.indexOf('two.json'), damaged.indexOf('two.json') + 200);
    const read = await fromBytes(damaged);
    expect(read[0]).toMatchObject({ name: 'one', history });
    expect(String(read[1]?.history)).toMatch(/archive is damaged/);
  });
});
