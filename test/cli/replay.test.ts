/** `holdfast replay` of files: verdicts, the table of differences, exit codes. It needs no node. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';
import { runCli } from './run-cli.ts';

const histories = join(packageRoot, 'test', 'replay', 'histories');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-replay-'));
  const success = await readFile(join(histories, 'success.json'), 'utf8');
  await writeFile(join(folder, 'good.json'), success);
  await writeFile(join(folder, 'doctored.json'), success.replaceAll('"callAgent"', '"callSomeoneElse"'));
  await writeFile(join(folder, 'broken.json'), '{"events": [');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a history that replays exits with 0, from a file and from standard input', async () => {
  const file = join(folder, 'good.json');
  const summary = expect.stringMatching(
    /^1 replayed in \S+ s: 1 same, 0 non-deterministic, 0 unreadable\n$/,
  ) as string;
  expect(await runCli(['replay', file])).toMatchObject({ code: 0, stdout: summary });
  const text = await readFile(file, 'utf8');
  const json = await runCli(['replay', '-', '--json'], {}, text);
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toMatchObject({ total: 1, same: 1, verdicts: [{ verdict: 'same' }] });
});

test('a folder with a history that differs and a file that is no history exits with 1 and names both', async () => {
  const { code, stdout } = await runCli(['replay', folder, '--parallel', '2']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^history\tverdict\tevent\texpected\tmessage\n/);
  expect(stdout).toMatch(/^\S*doctored\S*\tnon_deterministic\t\d+\t[^\t]*callSomeoneElse[^\t]*\t/m);
  expect(stdout).toMatch(/^\S*broken\S*\tunreadable\t/m);
  expect(stdout).not.toMatch(/^\S*good\S*\t/m);
  expect(stdout).toMatch(/^3 replayed in \S+ s: 1 same, 1 non-deterministic, 1 unreadable$/m);
  const json = await runCli(['replay', folder, '--json']);
  const { verdicts } = JSON.parse(json.stdout) as { verdicts: { verdict: string; event_id?: number }[] };
  expect(verdicts.find(({ verdict }) => verdict === 'non_deterministic')?.event_id).toBeGreaterThan(0);
});

test('paths together with a filter are a usage error, and so is a missing path', async () => {
  expect(await runCli(['replay', folder, '--status', 'failed'])).toMatchObject({ code: 2 });
  const away = await runCli(['replay', join(folder, 'nothing.json')]);
  expect(away.code).toBe(2);
  expect(away.stderr).toContain('nothing.json');
  expect(away.stderr).not.toMatch(/^ +at /m);
});

test('without paths replay reads from the node, and exits with 3 if there is none', async () => {
  expect(await runCli(['replay'], { HOLDFAST_URL: 'http://127.0.0.1:9' })).toMatchObject({ code: 3 });
});
